"""The summary of the page: which figures of the Runtime are beyond their bounds.

It is read off the page's tables, in which such a figure is bold, because the benchmarks run one at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from dev.docs import markdown

TITLE = "Summary"
# A column with bounds, or a sentence about one.
BOUND = re.compile(r"\| (goal|limit)\b|\bgoal is\b|\bis (in )?bold\b")
BOLD = re.compile(r"\*\*.+?\*\*")
NOT_RUN = "not run"
ABSENT = re.compile(rf"^\| .*\| {NOT_RUN} \||: {NOT_RUN}\.$")


def summarize(sections: Iterable[str]) -> str:
    """Return a table with a row for each section, which begins with `## ` and its title."""
    rows = []
    for section in sections:
        title, _, text = section.removeprefix("## ").partition("\n")
        rows.append((f"[{title}](#{anchor(title)})", outcome(text)))
    return markdown.table(("benchmark", "beyond its bound"), rows)


def anchor(title: str) -> str:
    """Return the anchor that MkDocs gives to a heading."""
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", title).strip().lower())


def outcome(text: str) -> str:
    """Return what of a section is beyond its bound, and how many rows, or tables, were not run."""
    lines = text.splitlines()
    notes = list(misses(lines))
    if count := sum(bool(ABSENT.search(line)) for line in lines):
        notes.append(f"{count} {NOT_RUN}")
    if notes:
        return "; ".join(notes)
    return "none" if BOUND.search(text) else "no bound"


def misses(lines: Iterable[str]) -> Iterator[str]:
    """Yield each bold figure of the Runtime with the first cell of its row, and each sentence with one."""
    columns: Sequence[str] = ()
    for line in lines:
        if not line.startswith("| "):
            columns = ()
            yield from (text for text in re.split(r"(?<=[.:]) ", line) if BOLD.search(text))
        elif cells := [cell.strip() for cell in line.strip("|").split("|")]:
            columns = columns or cells
            for column, cell in zip(columns, cells, strict=True):
                if BOLD.search(cell) and "stock" not in column:
                    yield f"{cells[0]}: {cell}"
