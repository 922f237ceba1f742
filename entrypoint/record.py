"""The origins of a value, and the record: every setting with its value and origin, passed on in one variable.

The record is JSON that this module writes itself: importing json would take a third of a start's time.
"""

from __future__ import annotations

from entrypoint.log import blank_unprintable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

RUNTIME = "Runtime"
AIRFLOW = "Airflow"
ENVIRONMENT = "operator environment"
COMMAND = "operator command"
SECRET = "operator secret"  # noqa: S105 - the name of an origin
CFG = "operator airflow.cfg"
RECORD_VARIABLE = "ASTRO_RUNTIME_RECORD"
FIELDS = ("documented", "variable", "value", "origin", "why", "exported", "set_as")  # in the record's order


class ResolvedSetting:
    """The effective value of one setting.

    `variable` is the name that Airflow reads, `documented` the one in the documentation. `exported` means that
    the start puts the value into the environment: a default, or an override forwarded from `set_as`, the name
    under which the operator has set it.
    """

    __slots__ = FIELDS

    def __init__(
        self,
        documented: str,
        variable: str,
        value: str,
        origin: str,
        why: str,
        exported: bool,
        set_as: str = "",
    ) -> None:
        self.documented = documented
        self.variable = variable
        self.value = value
        self.origin = origin
        self.why = why
        self.exported = exported
        self.set_as = set_as

    @property
    def log_line(self) -> str:
        """The line about this setting in the log."""
        if self.exported and self.set_as:
            source = self.why or "which this Airflow does not read"
            return f"{self.variable}={self.value} (forwarded from {self.set_as}, {source})"
        if self.exported:
            return f"{self.variable}={self.value} ({self.why})"
        if self.set_as:
            why = self.why and f"; {self.why}"
            return f"{self.variable}={self.value} ({self.origin}, {self.set_as}{why})"
        return f"{self.variable} keeps Airflow's default {self.value} ({self.why})"


def encode(settings: Iterable[ResolvedSetting]) -> str:
    """Return the record of `settings`: a JSON list that has a list of strings, in the order of FIELDS, for each."""
    rows = (",".join(_quoted(getattr(setting, field)) for field in FIELDS) for setting in settings)
    return "[" + ",".join(f"[{row}]" for row in rows) + "]"


def decode(environ: Mapping[str, str]) -> list[ResolvedSetting]:
    """Return the settings in the record; none if the record is absent, or was not written by this Runtime."""
    if not environ.get(RECORD_VARIABLE):
        return []
    import json

    try:
        return [_decode_row(row) for row in json.loads(environ[RECORD_VARIABLE])]
    except (ValueError, TypeError, RecursionError):
        return []


def strip_exports(environ: Mapping[str, str]) -> dict[str, str]:
    """Return `environ` as the operator left it, without the unchanged exports of an earlier start."""
    exports = {setting.variable: setting.value for setting in decode(environ) if setting.exported}
    return {
        name: text for name, text in environ.items() if exports.get(name) != text and name != RECORD_VARIABLE
    }


def _decode_row(row: object) -> ResolvedSetting:
    if not isinstance(row, list) or not all(isinstance(text, str) for text in row):
        raise TypeError
    values: dict[str, Any] = dict(zip(FIELDS, row, strict=True))
    return ResolvedSetting(**{**values, "exported": values["exported"] == "exported"})


def _quoted(value: str | bool) -> str:
    """Quote a field for JSON. Characters that cannot be printed, which no value of the table has, become blanks."""
    if isinstance(value, bool):
        return '"exported"' if value else '""'
    return '"' + blank_unprintable(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
