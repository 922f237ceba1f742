"""The tables that the commands print."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

Cell = str | Text


def print_table(columns: Iterable[str], rows: Iterable[Iterable[Cell]]) -> None:
    """Draw a table as wide as it needs to be where nobody's terminal says how wide it may be."""
    console = Console()
    if not console.is_terminal:
        console.width = 240
    names = list(columns)
    table = Table(*names, box=None, pad_edge=False, header_style="bold", show_header=any(names))
    for row in rows:
        table.add_row(
            *(cell if isinstance(cell, Text) else Text(cell) for cell in row)
        )  # [section] would be markup
    console.print(table)
