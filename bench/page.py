"""docs/reference/benchmarks.md, in which each benchmark has a section, and the first one sums them up."""

from __future__ import annotations

import os
import re
from pathlib import Path

from bench import summary
from testing.entrypoint_process import CHECKOUT

PAGE = CHECKOUT / "docs" / "reference" / "benchmarks.md"
HEAD = "# Benchmarks\n"
SUMMARY = (
    "`make bench-all` measures everything on this page, and each section names the command that measures it alone, best"
    " on a machine that does nothing else. A figure beyond its bound is bold."
)


def write_section(title: str, text: str, page: Path = PAGE) -> None:
    """Replace the section with this title, or append it; and write the summary anew."""
    content = page.read_text() if page.exists() else HEAD
    head, *sections = re.split(r"(?m)^(?=## )", content)
    texts = {name: body.strip() for name, _, body in (section[3:].partition("\n") for section in sections)}
    texts[title] = text.strip()
    texts.pop(summary.TITLE, None)
    written = [f"## {name}\n\n{body}\n" for name, body in texts.items()]
    first = f"## {summary.TITLE}\n\n{SUMMARY}\n\n{summary.summarize(written)}\n"
    page.write_text("\n".join([f"{head.strip()}\n", first, *written]))


def ratio(value: float, bound: float) -> str:
    """Return a ratio as text; in bold if it is beyond its bound, with as many digits as that takes to be seen."""
    digits = 3 if value > bound >= float(f"{value:.2f}") else 2
    return mark(f"{value:.{digits}f}×", value <= bound)


def mark(text: str, is_within_bound: bool) -> str:
    """Return a figure; in bold, by which the summary finds it, if it is beyond its bound."""
    return text if is_within_bound else f"**{text}**"


def machine() -> str:
    """Return what a reader needs to know about the machine that a figure is from."""
    return f"{os.cpu_count()} cores"
