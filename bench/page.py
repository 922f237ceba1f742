"""docs/reference/benchmarks.md, in which each benchmark has a section."""

from __future__ import annotations

import os
import re
from pathlib import Path

from testing.entrypoint_process import CHECKOUT

PAGE = CHECKOUT / "docs" / "reference" / "benchmarks.md"
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


def ratio(value: float, bound: float) -> str:
    """Return a ratio as text; in bold if it is beyond its bound."""
    text = f"{value:.2f}×"
    return text if value <= bound else f"**{text}**"


def machine() -> str:
    """Return what a reader needs to know about the machine that a figure is from."""
    return f"{os.cpu_count()} cores"
