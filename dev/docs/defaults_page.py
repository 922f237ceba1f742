"""docs/reference/defaults.md, generated from the table of defaults."""

from __future__ import annotations

from dev.docs.markdown import table
from entrypoint.airflow_line import LINES
from entrypoint.defaults import ALL_DEFAULTS, SettingDefault, rows_of
from entrypoint.overrides import numbers_within

HEADER = """\
# Defaults

The Runtime sets a default for these settings. You can override each of them in every way in which
you can set an Airflow setting. `astro-runtime defaults` prints the values in effect and where each one comes from.
`make docs` generates this page.
"""
NAMES = """\
A value under any of these names is an override. Airflow itself reads the names that come first. It does not read a
forwarded name: if none of the names that it reads is set, the Runtime hands the forwarded value to the first of them.
If several forwarded names are set, the largest value wins."""


def render() -> str:
    """Return the page as Markdown: the defaults, then every name of every setting on each line."""
    rows = [
        (_name(setting), setting.default or setting.formula, setting.airflow_default, setting.why)
        for setting in ALL_DEFAULTS
    ]
    defaults = table(("setting", "default", "Airflow's own", "why"), rows)
    return "\n".join([HEADER, defaults, "", *map(_names_section, LINES)])


def _name(setting: SettingDefault) -> str:
    lines = "" if len(setting.names_by_line) == len(LINES) else f" ({', '.join(setting.names_by_line)})"
    return f"`{setting.documented}`{lines}"


def _names_section(line: str) -> str:
    rows = [
        (f"`{setting.documented}`", _names(setting, line), allowed_values(setting, line))
        for setting in rows_of(line)
    ]
    names = table(("setting", "names", "a value must be"), rows)
    return f"## Names on Airflow {line}\n\n{NAMES}\n\n{names}\n"


def _names(setting: SettingDefault, line: str) -> str:
    option_names = setting.names_by_line[line]
    groups = {
        "": option_names.names,
        "the largest wins, with ": [name for names in option_names.max_with for name in names],
        "forwarded: ": option_names.forwarded,
    }
    return "; ".join(
        prefix + ", ".join(f"`{name}`" for name in names) for prefix, names in groups.items() if names
    )


def allowed_values(setting: SettingDefault, line: str) -> str:
    """Describe the valid values."""
    minimum = setting.names_by_line[line].minimum
    allowed = numbers_within(setting.number, setting.unit, minimum, setting.maximum)
    if minimum == 1:
        return allowed
    return f"{allowed}; {'0' if minimum == 0 else '0 or less'}: {setting.zero}"
