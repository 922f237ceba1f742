"""docs/reference/releases.md, generated from the catalogue and the maintenance policy."""

from __future__ import annotations

from datetime import date

from astro_runtime_plugin.releases.lifecycle import channel_label, compute_lifecycle
from astro_runtime_plugin.releases.policy import BASIC_SUPPORT, LTS, MAINTENANCE, NON_LTS
from astro_runtime_plugin.releases.release import OperatingSystem, Release
from dev.docs.markdown import table

HEADER = """\
# Releases

Every release in the catalogue, `astro_runtime_plugin/releases/catalogue.json`. A release that is documented only as a
major (`5`) is listed as its first release (`5.0.0`), with the major's date. Undocumented facts are left out.
`astro-runtime versions` prints today's stage of each release. `make docs` generates this page.
"""
POLICY = f"""\
## Maintenance

A release for Airflow 2 (`13.0.0`) is maintained until {NON_LTS.after_start} months after its major came out, or until
{NON_LTS.after_successor} months after the next major came out, whichever is later. With
long-term support (LTS), it is maintained until {LTS.after_start} months after its major came out, or until
{LTS.after_successor} months after the next LTS release came out, whichever is later.
Until the next release is known, the first of the two terms applies; a new release can only extend it. Only the latest
release of each major is maintained.

A release for Airflow 3 (`3.3-1`) is maintained until {MAINTENANCE} months after the first release for its Airflow minor
(`3.3`) came out. Basic support follows for another {BASIC_SUPPORT} months.

A release without an LTS flag inherits it from its major. A yanked first release still starts its major or minor; an
alpha or beta does not.

Every term ends on the last day of a month. A published date takes precedence over the policy. In the table, a star
marks a computed date.

| stage | means |
| --- | --- |
| future | the release date is in the future |
| maintained | the last day of maintenance is today or later |
| basic support | maintenance has ended; basic support has not |
| superseded | a later stable release of the same major (`13.1.0` for `13.0.0`) is maintained instead |
| unmaintained | maintenance and basic support have ended |
| yanked | the release was withdrawn |
| unknown | no date is published, and none can be computed |

## Commands

`astro-runtime versions` prints all releases. `astro-runtime lifecycle [RELEASE]` prints one of them, by default the
running one. Both print JSON with `--json`. `astro-runtime check` prints one line that says whether the running release
is maintained, and CI can act on its exit code. `--today 2028-06-01` answers as of that day; a day begins at
midnight UTC. See [Exit codes](exit-codes.md#astro-runtime).
"""
COLUMNS = (
    *("release", "Airflow", "Python", "Debian", "architectures", "PostgreSQL"),
    *("channel", "released", "maintained until", "basic support until"),
)


def render(releases: list[Release]) -> str:
    """Return the page as Markdown: the table of `releases`, then the policy and the commands."""
    return "\n".join(
        [HEADER, table(COLUMNS, [_cells(release, releases) for release in releases]), "", POLICY]
    )


def _cells(release: Release, releases: list[Release]) -> tuple[str, ...]:
    dates = compute_lifecycle(release, releases, release.release_date or date.min)
    return (
        f"`{release.release}`",
        release.airflow,
        ", ".join(release.python_versions),
        "; ".join(map(_debian, release.os)),
        ", ".join(release.architectures),
        _span(release.postgresql),
        channel_label(release, dates),
        _day(release.release_date),
        _day(dates.maintained_until) + "*" * bool(dates.maintained_until and not dates.published),
        _day(dates.basic_support_until)
        + "*" * bool(dates.basic_support_until and not release.end_of_basic_support),
    )


def _day(day: date | None) -> str:
    return str(day or "")


def _span(numbers: list[int]) -> str:
    """Return `10–13` for 10, 11, 12, 13."""
    whole = numbers == list(range(numbers[0], numbers[-1] + 1)) if numbers else False
    return f"{numbers[0]}–{numbers[-1]}" if whole and len(numbers) > 1 else ", ".join(map(str, numbers))


def _debian(os: OperatingSystem) -> str:
    notes = ", ".join(
        filter(None, (f"Python {', '.join(os.python_versions)}" * bool(os.python_versions), os.note))
    )
    return f"{os.version} {os.codename}" + f" ({notes})" * bool(notes)
