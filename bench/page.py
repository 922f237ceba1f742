"""docs/benchmarks.md, in which each benchmark has a section."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
HEAD = "# Benchmarks\n"


def write_section(title: str, text: str, page: Path = PAGE) -> None:
    """Replace the section with this title, or append it."""
    content = page.read_text() if page.exists() else HEAD
    sections = re.split(r"(?m)^(?=## )", content)
    section = f"## {title}\n\n{text.strip()}\n\n"
    indexes = [index for index, old in enumerate(sections) if old.startswith(f"## {title}\n")]
    if indexes:
        sections[indexes[0]] = section
    else:
        sections[-1] = sections[-1].rstrip("\n") + "\n\n"
        sections.append(section)
    page.write_text("".join(sections).rstrip("\n") + "\n")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def machine() -> str:
    """Return what a reader needs to know about the machine that a figure is from."""
    return f"{os.cpu_count()} cores"
