"""What is read of an update document, what is left out of it, and what is none."""

from __future__ import annotations

import json
import logging
import re
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astro_runtime_plugin.releases.catalogue import Release, releases
from astro_runtime_plugin.releases.lifecycle import lifecycle
from astro_runtime_plugin.releases.merge import find_release, merge_releases
from astro_runtime_plugin.updates.document import DocumentError, parse
from astro_runtime_plugin.updates.metadata import MAX_REASON_LENGTH, Metadata
from astro_runtime_plugin.updates.offer import offered_update
from testing.entrypoint_process import CHECKOUT
from testing.update_documents import NAMES, REAL, row, text


def metadata(**more: Any) -> Release | None:
    """Return `3.3-8` as it is read with `more` in its metadata; None where it is left out."""
    rows = {"13.0.0": row("2.11.0", "2025-05-20")}, {"3.3-8": row("3.3.2", "2026-09-23")}
    rows[1]["3.3-8"]["metadata"] |= more
    found = {one.release: one for one in parse(text(*rows))}
    assert "13.0.0" in found, "a bad row costs no other"
    return found.get("3.3-8")


def test_the_rows_of_a_real_document() -> None:
    releases = {one.release: one for one in parse(REAL)}
    assert list(releases) == NAMES
    assert releases["3.3-8"] == Release(
        release="3.3-8",
        airflow="3.3.2",
        channel="stable",
        release_date=date(2026, 9, 23),
        end_of_maintenance=date(2028, 7, 31),
        end_of_basic_support=date(2029, 1, 31),
        python_versions=["3.12", "3.13", "3.14"],
        default_python="3.13",
    )
    old = releases["13.5.0"]
    assert (old.end_of_maintenance, old.lts) == (date(2027, 4, 30), True)
    assert (old.yanked, old.yanked_reason) == (True, "Webserver throwing 500s")


def test_the_document_of_the_documentation() -> None:
    (example,) = re.findall(r"(?s)```json\n(.*?)```", (CHECKOUT / "docs" / "updates.md").read_text())
    first, second = parse(example)
    assert (first.release, first.end_of_maintenance) == ("13.1.0", date(2028, 5, 31))
    assert (second.release, second.yanked_reason) == ("3.3-1", "Tasks get lost")
    assert second.url == "https://example.com/3.3-1"


def test_unknown_keys_are_left_alone() -> None:
    more = row("3.3.2", "2026-09-23", somethingNew={"a": [1]})
    document = text({}, {"3.3-8": {**more, "new": 1}}, runtimeVersionsV4={"4.0-1": more}, other=None)
    assert [one.release for one in parse(document)] == ["3.3-8"]


@pytest.mark.parametrize("airflow", [None, "", "three", 3, ["3.3.2"]])
def test_a_row_without_an_airflow_version_is_left_out(airflow: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "astro_runtime"):
        assert metadata(airflowVersion=airflow) is None
    assert "release '3.3-8' is left out: ValidationError" in caplog.text


@pytest.mark.parametrize("blank", [None, "", "  "])
@pytest.mark.parametrize(
    "key",
    [
        *("channel", "releaseDate", "endOfSupport", "endOfMaintenance", "endOfBasicSupport", "LTS", "url"),
        *("pythonVersions", "defaultPythonVersion", "yankedReason"),
    ],
)
def test_a_fact_that_is_blank_is_one_that_is_not_told(key: str, blank: Any) -> None:
    yanked = metadata(**{"yanked": True, "yankedReason": "500s", key: blank})
    assert yanked
    assert (yanked.yanked, yanked.yanked_reason) == (True, "" if key == "yankedReason" else "500s")
    absent = row("3.3.2", "2026-09-23", yanked=True, yankedReason="500s")
    absent["metadata"].pop(key, None)
    assert [yanked] == parse(text({}, {"3.3-8": absent}))


@pytest.mark.parametrize(
    ("told", "yanked"),
    [
        *((None, False), ("", False), (False, False), ("false", False), (0, False), ([], False)),
        *((True, True), ("true", True), (1, True), ("2026-11-25", True), ({"reason": "500s"}, True)),
    ],
)
def test_what_is_no_plain_no_is_a_yank(told: Any, yanked: bool) -> None:
    release = metadata(yanked=told)
    assert release
    assert release.yanked is yanked


@pytest.mark.parametrize(
    ("told", "released", "maintained", "supported"),
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
def test_dates_that_do_not_follow_each_other_are_not_known(
    told: dict[str, Any], released: str | None, maintained: str | None, supported: str | None
) -> None:
    release = metadata(**told)
    assert release
    days = (release.release_date, release.end_of_maintenance, release.end_of_basic_support)
    assert [day and day.isoformat() for day in days] == [released, maintained, supported]


@pytest.mark.parametrize(
    "unsure", [{"channel": "nightly"}, {"channel": None}, {"releaseDate": "soon"}, {"releaseDate": ""}]
)
def test_a_release_of_no_known_channel_or_day_is_never_offered_and_supersedes_none(
    unsure: dict[str, Any],
) -> None:
    newer = row("2.11.3", "2026-11-25")
    newer["metadata"] |= unsure
    document = parse(text({"13.0.0": row("2.11.2", "2026-11-24", LTS=True), "13.0.1": newer}, {}))
    assert [one.release for one in document] == ["13.0.0", "13.0.1"]
    today = date(2026, 12, 1)
    assert offered_update("13.0.0", document, today) is None
    assert [lifecycle(one, document, today).stage for one in document] == ["maintained", "unknown"]


def test_what_the_document_leaves_open_stands_as_in_the_catalogue() -> None:
    odd = row("3.3.2", "", "nightly", yanked=None, yankedReason="", LTS="perhaps", pythonVersions="3.12")
    ours = find_release("3.3-1", releases())
    assert find_release("3.3-1", merge_releases(releases(), parse(text({}, {"3.3-1": odd})))) == ours


@pytest.mark.parametrize("pythons", ["3.12", ["three"], [3.12], {}])
def test_pythons_that_are_no_list_of_versions_are_not_known(pythons: Any) -> None:
    release = metadata(pythonVersions=pythons, defaultPythonVersion="3.12")
    assert release
    assert (release.python_versions, release.default_python) == ([], None)


@pytest.mark.parametrize("other", [None, 7, [], "x", {}, {"metadata": None}, {"metadata": []}])
def test_a_row_that_is_none_is_left_out(other: Any) -> None:
    assert [
        one.release for one in parse(text({"13.0.0": other, "13.1.0": row("2.11.0", "2025-05-20")}, {}))
    ] == ["13.1.0"]


@pytest.mark.parametrize("name", ["", "3.3", "3.3-1-slim", "latest", "3.3-1\n", "3.0-1a2", "-1", "9" * 5000])
def test_a_name_that_is_no_release_is_left_out(name: str) -> None:
    rows = {name: row("3.3.2", "2026-09-23"), "3.3-8": row("3.3.2", "2026-09-23")}
    assert [one.release for one in parse(text({}, rows))] == ["3.3-8"]


@pytest.mark.parametrize(
    ("url", "kept"),
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
def test_only_an_http_link_is_kept(url: Any, kept: str | None) -> None:
    release = metadata(url=url)
    assert release
    assert release.url == kept


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ("Broken\r\n2026-01-01 CRITICAL forged\x1b[31m", "Broken 2026-01-01 CRITICAL forged [31m"),
        ("x" * 10_000, "x" * MAX_REASON_LENGTH + "…"),
        (None, ""),
    ],
)
def test_a_reason_is_one_line(told: str | None, read: str) -> None:
    release = metadata(yanked=True, yankedReason=told)
    assert release
    assert release.yanked_reason == read


def test_a_default_python_that_is_none_of_the_pythons_is_not_known() -> None:
    release = metadata(pythonVersions=["3.12"], defaultPythonVersion="3.13")
    assert release
    assert (release.python_versions, release.default_python) == (["3.12"], None)


@pytest.mark.parametrize(
    ("garbage", "said"),
    [
        ("", "is no JSON"),
        ("<html>", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "is no JSON object"),
        ("null", "is no JSON object"),
        ("{}", "lists no release"),
        ('{"runtimeVersions": [], "runtimeVersionsV3": 7}', "lists no release"),
        (text({"x": row("2.11.0", "2025-05-20")}, {}), "lists no release"),
    ],
)
def test_garbage_is_no_document(garbage: str, said: str) -> None:
    with pytest.raises(DocumentError, match=f"^{said}$"):
        parse(garbage)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(JSON, JSON)
def test_whatever_stands_in_a_document_is_read_or_is_none(value: Any, other: Any) -> None:
    odd = {"metadata": {"airflowVersion": [value], "releaseDate": other, "channel": value, "url": other}}
    document = json.dumps({"runtimeVersions": {"13.0.0": odd, "13.1.0": value}, "runtimeVersionsV3": other})
    with pytest.raises(DocumentError):
        parse(document)
    with_one = json.loads(document) | {"runtimeVersionsV3": {"3.3-8": row("3.3.2", "2026-09-23")}}
    assert [one.release for one in parse(json.dumps(with_one))] == ["3.3-8"]


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
def test_whatever_its_other_facts_are_a_yank_is_read(facts: dict[str, Any]) -> None:
    release = metadata(**{"yanked": True, "yankedReason": "500s", **facts})
    assert release
    assert (release.yanked, release.yanked_reason) == (True, "500s")
