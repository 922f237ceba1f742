"""What the commands print besides tables: without the characters that control a terminal."""

from __future__ import annotations

import json

import click

from astro_runtime_plugin.options.text import escape_unprintable, single_line

MAX_LINE_LENGTH = 10_000  # characters of a line, or of a table's cell


def print_json(value: object) -> None:
    """Print a value as JSON."""
    click.echo(escape_unprintable(json.dumps(value, indent=2, ensure_ascii=False)))


def print_line(text: str) -> None:
    """Print a text as a single line."""
    click.echo(single_line(text, MAX_LINE_LENGTH))
