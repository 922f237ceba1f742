"""The pages about task logs name what the code writes: the fields of its JSON, and what it waits for."""

from __future__ import annotations

import json
import re

from astro_runtime_plugin.task_logs.retention import old_logs
from astro_runtime_plugin.task_logs.settings import SCHEMES
from astro_runtime_plugin.task_logs.stdout import FIELDS, KIND
from astro_runtime_plugin.task_logs.stores import check, store
from tests.unit.pages import CHECKOUT, REFERENCE

HOW_TO = CHECKOUT / "docs" / "how-to"
COLLECT = (HOW_TO / "collect-task-logs.md").read_text()
STORE = (HOW_TO / "task-logs.md").read_text()


def test_page_of_collectors_has_every_field_with_its_meaning() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", COLLECT, re.MULTILINE))
    assert rows == FIELDS


def test_example_line_has_the_fields_that_are_always_there() -> None:
    (example,) = re.findall(r"(?s)```json\n(.*?)```", COLLECT)
    line = json.loads(example)
    assert line["kind"] == KIND
    assert list(line) == [field for field in FIELDS if field not in ("fields", "cut")]


def test_collectors_select_the_lines_by_their_kind() -> None:
    assert COLLECT.count(KIND) >= 5
    assert f'.kind != "{KIND}"' in COLLECT
    assert f"regex: kind ^{KIND}$" in COLLECT


def test_every_scheme_of_a_store_is_documented() -> None:
    settings = (REFERENCE / "settings.md").read_text()
    assert [scheme for scheme in SCHEMES if f"{scheme}://" not in settings] == []


def test_numbers_of_the_pages_are_those_of_the_code() -> None:
    seconds = check.SECONDS + check.SPARE_SECONDS
    assert f"It takes {seconds:g} seconds\nat most" in (REFERENCE / "command-line.md").read_text()
    assert f"{old_logs.STEP} objects at a time" in STORE
    assert f"{store.BLOCK_BYTES // 1024} KiB" in STORE
