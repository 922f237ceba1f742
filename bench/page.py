"""docs/reference/benchmarks.md: each benchmark keeps its own section there."""

from __future__ import annotations

import os
import re
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "benchmarks.md"
HEAD = "# Benchmarks\n"


def keep(title: str, text: str, page: Path = PAGE) -> None:
    """Put `text` under the heading `title` in place of what stood there, or at the end."""
    old = page.read_text() if page.exists() else HEAD
    sections = re.split(r"(?m)^(?=## )", old)
    new = f"## {title}\n\n{text.strip()}\n\n"
    at = [number for number, section in enumerate(sections) if section.startswith(f"## {title}\n")]
    if at:
        sections[at[0]] = new
    else:
        sections[-1] = sections[-1].rstrip("\n") + "\n\n"
        sections.append(new)
    page.write_text("".join(sections).rstrip("\n") + "\n")


def machine() -> str:
    """Return what a reader needs to know of where a figure comes from."""
    return f"{os.cpu_count()} cores"
