"""The pages of the documentation: those of the site, and those that a forge shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

CHECKOUT = Path(__file__).parents[2]
DOCS = CHECKOUT / "docs"
REFERENCE = DOCS / "reference"
PAGES = sorted([*DOCS.rglob("*.md"), *CHECKOUT.glob("*.md")])
FENCE = re.compile(
    r"^(?P<fence>```+)(?P<language>\S*)[^\n]*\n(?P<text>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL
)
CODE = re.compile(r"`([^`\n]+)`")


class Block(NamedTuple):
    """A fenced block: the page and line that it begins on, its language, and its text."""

    page: Path
    line: int
    language: str
    text: str

    @property
    def place(self) -> str:
        return f"{name_of(self.page)}:{self.line}"


def name_of(page: Path) -> str:
    return str(page.relative_to(CHECKOUT))


def blocks() -> Iterator[Block]:
    for page in PAGES:
        text = page.read_text()
        for block in FENCE.finditer(text):
            line = text.count("\n", 0, block.start()) + 1
            yield Block(page, line, block["language"], block["text"])


def prose(page: Path) -> str:
    """Return a page without its fenced blocks."""
    return FENCE.sub("", page.read_text())


def first_cells(page: Path) -> set[str]:
    """Return every code span in the first column of the page's tables."""
    rows = (line for line in page.read_text().splitlines() if line.startswith("| "))
    return {code for row in rows for code in CODE.findall(row.split(" | ")[0])}
