"""docs/defaults.md, printed from the table."""

from __future__ import annotations

from entrypoint.airflow_line import LINES
from entrypoint.config_values import MAX_VALUE
from entrypoint.defaults import ALL_DEFAULTS, SettingDefault

HEAD = """\
# Defaults

Airflow settings that have another default under the Runtime. Each can be overridden in every way in which
Airflow's own settings can. This page is printed by `astro-runtime defaults --markdown`;
`astro-runtime defaults` prints the values in force, and where each comes from.
"""
NAMES = """\
Any of these is an override. Those that stand first are read by Airflow itself. A carried name is one that this
Airflow does not read: where none that it reads is set, the Runtime hands the value on to the first name; of
several the largest."""


def render() -> str:
    """Return the page as Markdown: the table, then every name of every setting."""
    return "\n".join([HEAD, *_table(), "", *(row for line in LINES for row in _names(line))])


def _table() -> list[str]:
    rows = (
        f"| `{row.documented}` | {row.default or row.formula} | {row.airflow_default} | {row.why} |"
        for row in ALL_DEFAULTS
    )
    return ["| setting | default | Airflow's own | why |", "| --- | --- | --- | --- |", *rows]


def _names(line: str) -> list[str]:
    head = [
        f"## Names on Airflow {line}",
        "",
        NAMES,
        "",
        "| setting | names | a value must be |",
        "| --- | --- | --- |",
    ]
    return [*head, *(_name_row(row, line) for row in ALL_DEFAULTS), ""]


def _name_row(setting: SettingDefault, line: str) -> str:
    spelling = setting.names_by_line[line]
    kinds = {
        "": spelling.names,
        "the largest counts, with ": [name for names in spelling.max_with for name in names],
        "carried: ": spelling.forwarded,
    }
    names = "; ".join(
        kind + ", ".join(f"`{name}`" for name in found) for kind, found in kinds.items() if found
    )
    return f"| `{setting.documented}` | {names} | {allowed(setting, line)} |"


def allowed(setting: SettingDefault, line: str) -> str:
    """Say in words which values can work."""
    kind = "whole number" if setting.number is int else "number"
    return f"a {kind} of {setting.unit} from {setting.names_by_line[line].minimum} to {MAX_VALUE}"
