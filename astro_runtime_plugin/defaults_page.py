"""docs/defaults.md, printed from the table."""

from __future__ import annotations

from entrypoint.defaults import LARGEST, TABLE, Setting
from entrypoint.line import LINES

STOCK = {setting.documented: setting.stock for setting in TABLE}

HEAD = """\
# Defaults

Airflow settings that have another default under the Runtime. Each can be overridden in every way in which
Airflow's own settings can. This page is printed by `astro-runtime defaults --markdown`;
`astro-runtime defaults` prints the values in force, and where each comes from.
"""
FORMULA = "running workers over all worker queues × tasks per worker"


def render() -> str:
    """Return the page as Markdown: the table, then every name of every setting."""
    return "\n".join([HEAD, *_table(), "", *(line for line_ in LINES for line in _names(line_)), ""])


def _table() -> list[str]:
    rows = (
        f"| `{row.documented}` | {row.default or FORMULA} | {row.stock} | {allowed(row)} | {row.why} |"
        for row in TABLE
    )
    return ["| setting | default | Airflow's own | must be | why |", "| --- | --- | --- | --- | --- |", *rows]


def allowed(setting: Setting) -> str:
    """Say in words which values can work."""
    kind = "whole number" if setting.number is int else "number"
    return f"{kind} of {setting.unit}, {setting.least:g} to {LARGEST}"


def _names(line: str) -> list[str]:
    head = [
        f"## Names on Airflow {line}",
        "",
        "Any of these is an override. A name that this Airflow no longer reads is carried to the first one that it",
        "does read; where several such names are set, the largest value counts.",
        "",
        "| setting | Airflow reads | carried by the Runtime |",
        "| --- | --- | --- |",
    ]
    return head + [_name_row(row, line) for row in TABLE]


def _name_row(setting: Setting, line: str) -> str:
    spelling = setting.spellings[line]
    read = ", ".join(f"`{name}`" for name in spelling.names)
    carried = ", ".join(f"`{name}`" for name in spelling.carried)
    return f"| `{setting.documented}` | {read} | {carried or '–'} |"
