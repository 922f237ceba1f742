from __future__ import annotations

from datetime import date
from typing import Any

from astro_runtime_plugin.releases.merge import merge_releases
from astro_runtime_plugin.releases.release import Release
from astro_runtime_plugin.releases.series import ReleaseIndex


def release(name: str, **facts: Any) -> Release:
    return Release(release=name, airflow="3.3.2" if "-" in name else "2.11.2", **facts)


CATALOGUE = [
    release("3.3-1", end_of_maintenance=date(2028, 7, 31), postgresql=[16], lts=True),
    release("13.0.0"),
]
DOCUMENT = [
    release("3.3-1", end_of_maintenance=date(2028, 8, 1), yanked=True, lts=None),
    release("3.3-2"),
]


def test_merge_sorts_the_releases_of_both() -> None:
    merged = merge_releases(CATALOGUE, DOCUMENT)
    assert [release.release for release in merged] == ["13.0.0", "3.3-1", "3.3-2"]


def test_document_wins_and_the_catalogue_supplies_the_rest() -> None:
    merged = ReleaseIndex(merge_releases(CATALOGUE, DOCUMENT)).find("3.3-1")
    assert merged
    assert (merged.end_of_maintenance, merged.yanked, merged.lts) == (date(2028, 8, 1), True, True)
    assert merged.postgresql == [16]


def test_find_returns_none_for_an_unlisted_release() -> None:
    assert ReleaseIndex(merge_releases(CATALOGUE, DOCUMENT)).find("3.9-1") is None
