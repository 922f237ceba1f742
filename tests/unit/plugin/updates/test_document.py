"""Which releases and facts are read from an update document, and which are left out."""

from __future__ import annotations

import json
import logging
import re
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astro_runtime_plugin.releases.catalogue import releases
from astro_runtime_plugin.releases.lifecycle import compute_lifecycle
from astro_runtime_plugin.releases.merge import merge_releases
from astro_runtime_plugin.releases.release import MAX_REASON_LENGTH, Release
from astro_runtime_plugin.releases.series import ReleaseIndex
from astro_runtime_plugin.updates.document import DocumentError, parse
from astro_runtime_plugin.updates.metadata import Metadata
from astro_runtime_plugin.updates.offer import offered_update
from testing.entrypoint_process import CHECKOUT
from testing.update_documents import NAMES, REAL, document_text, release_row


def names(text: str) -> list[str]:
    """Return the names of the releases that a document lists."""
    return [release.release for release in parse(text)]


def assert_only_this_release_is_affected(**metadata: Any) -> Release | None:
    """Return `3.3-8` parsed with this in its metadata; None if it is left out. Another release must stay."""
    row = release_row("3.3.2", "2026-09-23")
    row["metadata"] |= metadata
    text = document_text({"13.0.0": release_row("2.11.0", "2025-05-20")}, {"3.3-8": row})
    by_name = {release.release: release for release in parse(text)}
    assert "13.0.0" in by_name
    return by_name.get("3.3-8")


def assert_release_is_read(**metadata: Any) -> Release:
    """Return `3.3-8` parsed with this in its metadata."""
    release = assert_only_this_release_is_affected(**metadata)
    assert release
    return release


def test_real_document_is_parsed() -> None:
    by_name = {release.release: release for release in parse(REAL)}
    assert list(by_name) == NAMES
    assert by_name["3.3-8"] == Release(
        release="3.3-8",
        airflow="3.3.2",
        channel="stable",
        release_date=date(2026, 9, 23),
        end_of_maintenance=date(2028, 7, 31),
        end_of_basic_support=date(2029, 1, 31),
        python_versions=["3.12", "3.13", "3.14"],
        default_python="3.13",
    )
    old = by_name["13.5.0"]
    assert (old.end_of_maintenance, old.lts) == (date(2027, 4, 30), True)
    assert (old.yanked, old.yanked_reason) == (True, "Webserver throwing 500s")


def test_documented_example_is_parsed() -> None:
    (example,) = re.findall(
        r"(?s)```json\n(.*?)```", (CHECKOUT / "docs" / "how-to" / "updates.md").read_text()
    )
    first, second = parse(example)
    assert (first.release, first.end_of_maintenance) == ("13.1.0", date(2028, 5, 31))
    assert (second.release, second.yanked_reason) == ("3.3-1", "Tasks get lost")
    assert second.url == "https://example.com/3.3-1"


def test_unknown_keys_are_ignored() -> None:
    row = release_row("3.3.2", "2026-09-23", somethingNew={"a": [1]})
    text = document_text({}, {"3.3-8": {**row, "new": 1}}, runtimeVersionsV4={"4.0-1": row}, other=None)
    assert names(text) == ["3.3-8"]


@pytest.mark.parametrize("airflow", [None, "", "three", 3, ["3.3.2"]])
def test_release_without_a_valid_airflow_version_is_left_out(
    airflow: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "astro_runtime"):
        assert assert_only_this_release_is_affected(airflowVersion=airflow) is None
    assert "release '3.3-8' is left out: ValidationError" in caplog.text


@pytest.mark.parametrize("blank", [None, "", "  "])
@pytest.mark.parametrize(
    "key",
    [
        *("channel", "releaseDate", "endOfSupport", "endOfMaintenance", "endOfBasicSupport", "LTS", "url"),
        *("pythonVersions", "defaultPythonVersion", "yankedReason"),
    ],
)
def test_blank_fact_is_read_like_an_absent_one(key: str, blank: Any) -> None:
    yanked = assert_release_is_read(**{"yanked": True, "yankedReason": "500s", key: blank})
    assert (yanked.yanked, yanked.yanked_reason) == (True, "" if key == "yankedReason" else "500s")
    row = release_row("3.3.2", "2026-09-23", yanked=True, yankedReason="500s")
    row["metadata"].pop(key, None)
    assert [yanked] == parse(document_text({}, {"3.3-8": row}))


@pytest.mark.parametrize(
    ("value", "yanked"),
    [
        *((None, False), ("", False), (False, False), ("false", False), (0, False), ([], False)),
        *((True, True), ("true", True), (1, True), ("2026-11-25", True), ({"reason": "500s"}, True)),
    ],
)
def test_yanked_value_other_than_no_is_a_yank(value: Any, yanked: bool) -> None:
    assert assert_release_is_read(yanked=value).yanked is yanked


@pytest.mark.parametrize(
    ("metadata", "released", "maintained", "supported"),
    [
        ({"endOfMaintenance": "2028-07-31"}, "2026-09-23", "2028-07-31", None),
        ({"endOfMaintenance": "2020-01-01"}, "2026-09-23", None, None),
        ({"endOfMaintenance": "2026-09-23"}, "2026-09-23", None, None),
        ({"endOfSupport": "2020-01-01", "endOfBasicSupport": "2029-01-31"}, "2026-09-23", None, "2029-01-31"),
        *(
            ({"endOfMaintenance": "2028-07-31", "endOfBasicSupport": day}, "2026-09-23", "2028-07-31", None)
            for day in ("2028-07-31", "2028-07-30", "2020-01-01", "never", 7)
        ),
        ({"releaseDate": "soon", "endOfMaintenance": "2028-07-31"}, None, "2028-07-31", None),
        ({"releaseDate": "2026-02-30", "endOfMaintenance": "0028-07-31"}, None, None, None),
    ],
)
def test_dates_that_do_not_increase_are_ignored(
    metadata: dict[str, Any], released: str | None, maintained: str | None, supported: str | None
) -> None:
    release = assert_release_is_read(**metadata)
    days = (release.release_date, release.end_of_maintenance, release.end_of_basic_support)
    assert [day and day.isoformat() for day in days] == [released, maintained, supported]


@pytest.mark.parametrize(
    "metadata", [{"channel": "nightly"}, {"channel": None}, {"releaseDate": "soon"}, {"releaseDate": ""}]
)
def test_release_of_unknown_channel_or_date_is_never_offered_and_never_supersedes(
    metadata: dict[str, Any],
) -> None:
    newer = release_row("2.11.3", "2026-11-25")
    newer["metadata"] |= metadata
    rows = {"13.0.0": release_row("2.11.2", "2026-11-24", LTS=True), "13.0.1": newer}
    document = parse(document_text(rows, {}))
    assert [release.release for release in document] == ["13.0.0", "13.0.1"]
    today = date(2026, 12, 1)
    assert offered_update("13.0.0", document, today) is None
    stages = [compute_lifecycle(release, document, today).stage for release in document]
    assert stages == ["maintained", "unknown"]


def test_invalid_facts_are_taken_from_the_catalogue() -> None:
    invalid = {"yanked": None, "yankedReason": "", "LTS": "perhaps", "pythonVersions": "3.12"}
    document = parse(document_text({}, {"3.3-1": release_row("3.3.2", "", "nightly", **invalid)}))
    listed = ReleaseIndex(releases()).find("3.3-1")
    assert listed
    assert ReleaseIndex(merge_releases(releases(), document)).find("3.3-1") == listed


@pytest.mark.parametrize("pythons", ["3.12", ["three"], [3.12], {}])
def test_pythons_other_than_a_list_of_versions_are_ignored(pythons: Any) -> None:
    release = assert_release_is_read(pythonVersions=pythons, defaultPythonVersion="3.12")
    assert (release.python_versions, release.default_python) == ([], None)


@pytest.mark.parametrize("row", [None, 7, [], "x", {}, {"metadata": None}, {"metadata": []}])
def test_invalid_row_is_left_out(row: Any) -> None:
    rows = {"13.0.0": row, "13.1.0": release_row("2.11.0", "2025-05-20")}
    assert names(document_text(rows, {})) == ["13.1.0"]


@pytest.mark.parametrize("name", ["", "3.3", "3.3-1-slim", "latest", "3.3-1\n", "3.0-1a2", "-1", "9" * 5000])
def test_invalid_name_is_left_out(name: str) -> None:
    row = release_row("3.3.2", "2026-09-23")
    assert names(document_text({}, {name: row, "3.3-8": row})) == ["3.3-8"]


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://example.com/notes#3.3-8", "https://example.com/notes#3.3-8"),
        ("http://example.com", "http://example.com"),
        ("javascript:alert(1)", None),
        ("https://user:secret@example.com", None),
        ("//example.com", None),
        ("", None),
        (None, None),
        (7, None),
    ],
)
def test_only_an_http_link_is_read(url: Any, link: str | None) -> None:
    assert assert_release_is_read(url=url).url == link


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("Broken\r\n2026-01-01 CRITICAL forged\x1b[31m", "Broken 2026-01-01 CRITICAL forged [31m"),
        ("x" * 10_000, "x" * MAX_REASON_LENGTH + "…"),
        (None, ""),
    ],
)
def test_yanked_reason_is_a_single_line_of_limited_length(value: str | None, reason: str) -> None:
    assert assert_release_is_read(yanked=True, yankedReason=value).yanked_reason == reason


def test_default_python_that_is_not_among_the_pythons_is_ignored() -> None:
    release = assert_release_is_read(pythonVersions=["3.12"], defaultPythonVersion="3.13")
    assert (release.python_versions, release.default_python) == (["3.12"], None)


@pytest.mark.parametrize(
    ("garbage", "message"),
    [
        ("", "is not JSON"),
        ("<html>", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "is not a JSON object"),
        ("null", "is not a JSON object"),
        ("{}", "lists no releases"),
        ('{"runtimeVersions": [], "runtimeVersionsV3": 7}', "lists no releases"),
        (document_text({"x": release_row("2.11.0", "2025-05-20")}, {}), "lists no releases"),
    ],
)
def test_garbage_is_rejected(garbage: str, message: str) -> None:
    with pytest.raises(DocumentError, match=f"^{message}$"):
        parse(garbage)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(JSON, JSON)
def test_any_json_is_rejected_or_costs_only_its_own_row(first: Any, second: Any) -> None:
    row = {"metadata": {"airflowVersion": [first], "releaseDate": second, "channel": first, "url": second}}
    document = {"runtimeVersions": {"13.0.0": row, "13.1.0": first}, "runtimeVersionsV3": second}
    with pytest.raises(DocumentError):
        parse(json.dumps(document))
    document["runtimeVersionsV3"] = {"3.3-8": release_row("3.3.2", "2026-09-23")}
    assert names(json.dumps(document)) == ["3.3-8"]


@given(
    st.fixed_dictionaries(
        {},
        optional={
            field.alias or name: JSON
            for name, field in Metadata.model_fields.items()
            if name not in ("airflow_version", "yanked", "yanked_reason")
        },
    )
)
def test_yank_is_read_whatever_the_other_facts_are(facts: dict[str, Any]) -> None:
    release = assert_release_is_read(**{"yanked": True, "yankedReason": "500s", **facts})
    assert (release.yanked, release.yanked_reason) == (True, "500s")
