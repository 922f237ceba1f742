"""docs/releases.md, printed from the catalogue and the policy."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from astro_runtime_plugin.releases.catalogue import OperatingSystem, Release
from astro_runtime_plugin.releases.lifecycle import (
    BASIC_SUPPORT,
    LTS,
    MAINTENANCE,
    STABLE,
    channel_label,
    lifecycle,
)

HEAD = """\
# Releases

Every release in the catalogue, `astro_runtime_plugin/releases/catalogue.json`. A release that is documented only as a major
(`5`) is listed as its first one (`5.0.0`), with the major's date; a fact that is documented nowhere is left out. This
page is printed by `astro-runtime versions --markdown`; `astro-runtime versions` prints the stage of each release today.
"""
POLICY = f"""\
## Maintenance

A release for Airflow 2 (`13.0.0`) is maintained for {STABLE.since_its_own} months since its major came out,
or for {STABLE.since_its_successor} months since the next major did; one with long-term support (LTS)
for {LTS.since_its_own} months, or for {LTS.since_its_successor} months since the next LTS release came out.
The longer of the two counts. While no next release is known, that is the first; a later one can only put the end off.
Of each major, only the latest release is maintained.

A release for Airflow 3 (`3.3-1`) is maintained for {MAINTENANCE} months since the first release for its Airflow minor
(`3.3`) came out. Basic support follows, for another {BASIC_SUPPORT} months.

A release that does not say whether it is LTS is so where another one of its major is. A first release that was yanked
has begun its major or minor all the same; an alpha or beta begins none.

Every term ends with the last day of a month. A published date wins over the policy's. In the table, a star marks a date
that is computed.

| stage | means |
| --- | --- |
| future | its release date is still to come |
| maintained | the last day of maintenance is today, or to come |
| basic support | maintenance has ended; basic support has not |
| superseded | a later stable release of the same major (`13.1.0` for `13.0.0`) is maintained in its place |
| unmaintained | both have ended |
| yanked | it was taken back |
| unknown | no date is published, and none can be computed |

## Commands

`astro-runtime versions` prints all releases, `astro-runtime lifecycle [RELEASE]` one of them, by itself the one that
runs. Either prints JSON with `--json`. `astro-runtime check` says in one line whether the release that runs is
maintained, so that CI can stop on its exit code. `--today 2028-06-01` answers as if today were that day; a
day begins at midnight UTC.

| exit code | of these commands |
| --- | --- |
| 0 | of `check`: the release is maintained, or has basic support, or is still to come |
| 1 | there is no answer here: Airflow is not installed, or nobody says until when the release is maintained |
| 2 | a word or an option that cannot be: no release has that form, or none of that name is known |
| 3 | of `check`: the release is unmaintained, superseded or yanked |
| 78 | the catalogue cannot be used, or the Airflow that is installed has no release; the message says what is wrong |
"""
COLUMNS = (
    *("release", "Airflow", "Python", "Debian", "architectures", "PostgreSQL"),
    *("channel", "released", "maintained until", "basic support until"),
)


def render(releases: list[Release]) -> str:
    """Return the page as Markdown: the table of `releases`, then the policy and the commands."""
    head = [_row(COLUMNS), _row("---" for _ in COLUMNS)]
    return "\n".join([HEAD, *head, *(_row(_cells(release, releases)) for release in releases), "", POLICY])


def _cells(release: Release, releases: list[Release]) -> tuple[str, ...]:
    told = lifecycle(release, releases, release.release_date or date.min)
    return (
        f"`{release.release}`",
        release.airflow,
        ", ".join(release.python_versions),
        "; ".join(map(_debian, release.os)),
        ", ".join(release.architectures),
        _span(release.postgresql),
        channel_label(release, told),
        _day(release.release_date),
        _day(told.maintained_until) + "*" * bool(told.maintained_until and not told.published),
        _day(told.basic_support_until)
        + "*" * bool(told.basic_support_until and not release.end_of_basic_support),
    )


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _day(day: date | None) -> str:
    return str(day or "")


def _span(numbers: list[int]) -> str:
    """Say `10–13` for 10, 11, 12, 13."""
    whole = numbers == list(range(numbers[0], numbers[-1] + 1)) if numbers else False
    return f"{numbers[0]}–{numbers[-1]}" if whole and len(numbers) > 1 else ", ".join(map(str, numbers))


def _debian(os: OperatingSystem) -> str:
    notes = ", ".join(
        filter(None, (f"Python {', '.join(os.python_versions)}" * bool(os.python_versions), os.note))
    )
    return f"{os.version} {os.codename}" + f" ({notes})" * bool(notes)
