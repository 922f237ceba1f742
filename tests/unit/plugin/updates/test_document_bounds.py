"""What an update document may cost: its size is bounded, and no page looks at all of its releases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pytest_mock import MockerFixture
from sqlalchemy import create_engine

from astro_runtime_plugin.database import state
from astro_runtime_plugin.notices import service
from astro_runtime_plugin.options.urls import MAX_URL_LENGTH
from astro_runtime_plugin.releases.lifecycle import compute_lifecycle
from astro_runtime_plugin.releases.release import Release
from astro_runtime_plugin.releases.series import ReleaseIndex
from astro_runtime_plugin.releases.version import Version
from astro_runtime_plugin.updates import document, store
from astro_runtime_plugin.updates.document import MAX_RELEASES, DocumentError, parse
from astro_runtime_plugin.updates.fetch import MAX_BYTES, FetchedDocument
from testing.notices import build_notices
from testing.update_documents import document_text, long_document, release_row

URL = "https://example.com/updates.json"
TODAY = date(2026, 11, 26)


@pytest.fixture
def _database(tmp_path: Path, mocker: MockerFixture, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Use a database other than this process's Airflow."""
    engine = create_engine(f"sqlite:///{tmp_path}/airflow.db", future=True)
    mocker.patch("airflow.settings.engine", new=engine)
    mocker.patch.object(state, "_table_exists", new=[])
    monkeypatch.setenv("AIRFLOW__ASTRO_RUNTIME__UPDATE_URL", URL)
    yield
    engine.dispose()


@pytest.fixture
def comparisons(mocker: MockerFixture) -> list[str]:
    """Return a list to which each look at a release's version adds its name."""
    seen: list[str] = []

    def version(release: Release) -> Version:
        seen.append(release.release)
        return Version.parse(release.release)

    mocker.patch.object(Release, "version", property(version))
    return seen


def test_as_many_releases_as_allowed_are_read() -> None:
    assert len(parse(long_document(MAX_RELEASES))) == MAX_RELEASES


def test_document_with_more_releases_is_rejected_before_any_is_read(mocker: MockerFixture) -> None:
    read = mocker.spy(document, "_release")
    with pytest.raises(DocumentError, match=f"^lists more than {MAX_RELEASES} releases$"):
        parse(long_document(MAX_RELEASES + 1))
    read.assert_not_called()


def only_release(**metadata: Any) -> Release | None:
    """Return 3.3-8 with this in its metadata; None if it is left out."""
    row = release_row("3.3.2", "2026-09-23")
    row["metadata"] |= metadata
    text = document_text({"13.0.0": release_row("2.11.0", "2025-05-20")}, {"3.3-8": row})
    return next((release for release in parse(text) if release.release == "3.3-8"), None)


@pytest.mark.parametrize(("length", "is_read"), [(50, True), (51, False), (3_000_000, False)])
def test_airflow_version_is_short_or_its_release_left_out(length: int, is_read: bool) -> None:
    release = only_release(airflowVersion="3.3." + "2" * (length - 4))
    assert (release is not None) == is_read


@pytest.mark.parametrize(
    ("name", "metadata", "field", "expected"),
    [
        ("20 Pythons", {"pythonVersions": ["3.12"] * 20}, "python_versions", ["3.12"] * 20),
        ("21 Pythons", {"pythonVersions": ["3.12"] * 21}, "python_versions", []),
        ("a long Python", {"pythonVersions": ["3." + "1" * 9]}, "python_versions", []),
        ("a long link", {"url": "https://a/" + "x" * (MAX_URL_LENGTH - 9)}, "url", None),
        ("a nested reason", {"yankedReason": [["x"] * 10]}, "yanked_reason", ""),
        ("a long reason", {"yankedReason": "x" * 3_000_000}, "yanked_reason", "x" * 300 + "…"),
    ],
)
def test_fact_beyond_its_limit_is_ignored(name: str, metadata: Any, field: str, expected: Any) -> None:
    release = only_release(**metadata)
    assert release, name
    assert getattr(release, field) == expected


def test_link_as_long_as_allowed_is_read() -> None:
    url = "https://a/" + "x" * (MAX_URL_LENGTH - 10)
    release = only_release(url=url)
    assert release
    assert release.url == url


@pytest.mark.parametrize("releases", [250, 500])
def test_lifecycles_of_all_releases_cost_as_many_looks_as_there_are_releases(
    comparisons: list[str], releases: int
) -> None:
    index = ReleaseIndex(parse(long_document(releases)))
    assert len([compute_lifecycle(release, index, TODAY) for release in index]) == releases
    assert len(comparisons) <= 20 * releases


def test_notices_look_at_each_release_a_few_times(comparisons: list[str]) -> None:
    releases = parse(long_document(MAX_RELEASES))
    comparisons.clear()
    assert build_notices("20.0.0", [], releases, (), TODAY, 30)
    assert len(comparisons) <= 20 * MAX_RELEASES


@pytest.mark.usefixtures("_database")
def test_notices_are_computed_once_per_document_and_day(
    comparisons: list[str], mocker: MockerFixture
) -> None:
    parsed = mocker.spy(document, "_release")
    computed = mocker.spy(service, "release_notices")
    store.save_document(URL, FetchedDocument(long_document(1000), None), 1.0)
    first = service.notices_on("20.0.0", (), TODAY)
    assert (len(first) > 0, computed.call_count, parsed.call_count) == (True, 1, 1000)
    comparisons.clear()
    for _ in range(10):
        assert service.notices_on("20.0.0", (), TODAY) == first
    assert (comparisons, computed.call_count, parsed.call_count) == ([], 1, 1000)
    service.notices_on("20.0.0", (), date(2026, 11, 27))
    assert (computed.call_count, parsed.call_count) == (2, 1000)
    store.save_document(URL, FetchedDocument(long_document(10), None), 2.0)
    service.notices_on("20.0.0", (), date(2026, 11, 27))
    assert (computed.call_count, parsed.call_count) == (3, 1010)


@pytest.mark.usefixtures("_database")
def test_largest_document_can_be_stored_and_read() -> None:
    text = long_document(2)
    text += "\n" * (MAX_BYTES - len(text))
    store.save_document(URL, FetchedDocument(text, None), 1.0)
    assert len(store.listed_releases(URL).document) == 2
