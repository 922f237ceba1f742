"""The page of benchmarks: each has a section, and the summary at the top says what is beyond its bound."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench import page, summary

TABLE = """\
| process | stock Airflow | the Runtime | goal |
| --- | --- | --- | --- |
| a scheduler | **9 s** | 2 s | at most 3 s |
| a task | 1 s | **4 s** | at most 3 s |"""


@pytest.mark.parametrize(
    ("text", "outcome"),
    {
        TABLE: "a task: **4 s**",
        TABLE.replace("**4 s**", "3 s"): "none",
        "| queries |\n| --- |\n| 360 |": "no bound",
        "The goal is 2 s.\n\nIt takes **4 s** here. It took 1 s.": "It takes **4 s** here.",
        "The goal is 2 s.\n\nWith Celery: not run.": "1 not run",
        f"{TABLE}\n| a pod | 1 s | not run | at most 3 s |": "a task: **4 s**; 1 not run",
    }.items(),
)
def test_outcome_is_what_the_runtime_misses(text: str, outcome: str) -> None:
    assert summary.outcome(text) == outcome


def test_section_is_appended_or_replaced_and_the_summary_is_first(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    page.write_section("What a start costs, 3.3", TABLE, path)
    page.write_section("Another's", "Nothing.", path)
    page.write_section("What a start costs, 3.3", TABLE.replace("**4 s**", "3 s"), path)
    content = path.read_text()
    titles = ["Summary", "What a start costs, 3.3", "Another's"]
    assert re.findall(r"^## (.+)$", content, re.MULTILINE) == titles
    assert "| [What a start costs, 3.3](#what-a-start-costs-33) | none |" in content
    assert "| [Another's](#anothers) | no bound |" in content
    page.write_section("Another's", "Nothing.", path)
    assert path.read_text() == content


def test_page_has_the_summary_of_its_sections() -> None:
    _, first, *sections = re.split(r"(?m)^(?=## )", page.PAGE.read_text())
    assert first == f"## {summary.TITLE}\n\n{page.SUMMARY}\n\n{summary.summarize(sections)}\n\n"


@pytest.mark.parametrize(
    ("value", "text"), [(0.449, "0.45×"), (0.45, "0.45×"), (0.4531, "**0.453×**"), (0.461, "**0.46×**")]
)
def test_ratio_beyond_its_bound_shows_it(value: float, text: str) -> None:
    assert page.ratio(value, 0.45) == text
