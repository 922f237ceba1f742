"""The tables that the commands print."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from astro_runtime_plugin.cli.output import MAX_LINE_LENGTH
from astro_runtime_plugin.options.text import single_line

Cell = str | Text
WIDTH = 240  # characters, where no terminal limits the width


def print_table(columns: Iterable[str], rows: Iterable[Iterable[Cell]]) -> None:
    """Print a table; without a terminal, it is as wide as its content."""
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    names = list(columns)
    table = Table(*names, box=None, pad_edge=False, header_style="bold", show_header=any(names))
    for row in rows:
        table.add_row(*map(_text, row))
    console.print(table)


def _text(cell: Cell) -> Text:
    # rich would read `[section]` in a str as markup
    return cell if isinstance(cell, Text) else Text(single_line(cell, MAX_LINE_LENGTH))
