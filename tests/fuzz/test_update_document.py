"""Any update document is read or rejected, and what is read from it is bounded."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from hypothesis import strategies as st

from astro_runtime_plugin.releases.release import MAX_REASON_LENGTH
from astro_runtime_plugin.updates.document import MAX_RELEASES, DocumentError, parse
from testing.notices import build_notices
from tests.fuzz.budget import fuzz

TEXT = st.text(st.characters(exclude_categories=[]), max_size=50)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=20,
)
NAMES = st.from_regex(r"(1[0-9]|3)\\.[0-9][.-][0-9]", fullmatch=True) | TEXT
DATES = st.dates().map(str) | JSON
FACTS = {
    "airflowVersion": st.sampled_from(["2.11.2", "3.3.2"]) | JSON,
    "channel": st.sampled_from(["stable", "deprecated", "alpha", "beta"]) | JSON,
    "LTS": JSON,
    "url": st.sampled_from(["https://example.com/", "javascript:alert(1)"]) | JSON,
    "yanked": JSON,
    "yankedReason": JSON,
    "pythonVersions": st.lists(st.sampled_from(["3.11", "3.12"])) | JSON,
    "defaultPythonVersion": JSON,
    **dict.fromkeys(("releaseDate", "endOfSupport", "endOfMaintenance", "endOfBasicSupport"), DATES),
}
ROWS = st.fixed_dictionaries({"metadata": st.fixed_dictionaries({}, optional=FACTS)}) | JSON
LISTS = st.dictionaries(NAMES, ROWS, max_size=10) | JSON
DOCUMENTS = st.fixed_dictionaries({}, optional={"runtimeVersions": LISTS, "runtimeVersionsV3": LISTS}) | JSON


@fuzz(DOCUMENTS.map(json.dumps) | TEXT)
def test_document_is_rejected_or_read_within_bounds(text: str) -> None:
    try:
        releases = parse(text)
    except DocumentError:
        return
    assert 0 < len(releases) <= MAX_RELEASES
    for release in releases:
        assert release.yanked_reason == "" or release.yanked_reason.isprintable()
        assert len(release.yanked_reason) <= MAX_REASON_LENGTH + 1
        assert len(release.airflow) <= 50
    notices: list[Any] = build_notices("13.0.0", [], releases, (), date(2026, 11, 26), 30)
    assert all(notice.text.isprintable() and len(notice.text) < 1000 for notice in notices)
