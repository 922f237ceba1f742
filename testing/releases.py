"""Releases for the tests of the policy and the lifecycle: the listed ones, made-up ones, and strategies for them."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from astro_runtime_plugin.releases.catalogue import releases
from astro_runtime_plugin.releases.release import Release
from testing.installed_line import LINE

# The running release: its last day of maintenance and of basic support by the policy.
UNTIL, BASIC = {"3.3": ("2028-11-30", "2029-05-31"), "2.11": ("2028-05-31", None)}[LINE]
DAYS = st.dates(date(2021, 1, 1), date(2040, 12, 31))
FORMATS = {2: "{}.{}.{}", 3: "{}.{}-{}"}


def release(name: str, released: str | None = None, airflow: str = "2.9", **facts: object) -> Release:
    return Release.model_validate({"release": name, "airflow": airflow, "release_date": released, **facts})


def listed_release(name: str) -> Release:
    """Return a release of the catalogue."""
    return {release.release: release for release in releases()}[name]


@st.composite
def releases_of_family(draw: st.DrawFn, family: int | None = None) -> Release:
    """Generate releases with a date, for Airflow `family` or for either."""
    numbers = [draw(st.integers(0, 4)) for _ in range(3)]
    return release(
        FORMATS[family or draw(st.sampled_from([2, 3]))].format(*numbers),
        draw(DAYS).isoformat(),
        lts=draw(st.none() | st.booleans()),
        yanked=draw(st.booleans()),
        channel=draw(st.sampled_from(["stable", "deprecated", "alpha", "beta", None])),
    )


RELEASE_LISTS = st.lists(releases_of_family(), max_size=8, unique_by=lambda release: release.release)
