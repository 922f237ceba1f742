"""Origins, and the record: every setting with its value and origin, handed over in one variable.

The record is JSON, written here by hand: importing json would cost the start a third of its time.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

RUNTIME = "Runtime"
AIRFLOW = "Airflow"
RECORD_VARIABLE = "ASTRO_RUNTIME_RECORD"


class ResolvedSetting:
    """The effective value of one setting.

    `variable` is the name that Airflow reads, `documented` the one in the documentation. `exported` says that
    the start puts the value into the environment: a default, or an override carried from `set_as`, the name
    under which the operator has set it.
    """

    __slots__ = ("documented", "exported", "origin", "set_as", "value", "variable", "why")

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
        """What the log says of it."""
        if self.exported and self.set_as:
            return (
                f"{self.variable}={self.value} (carried from {self.set_as}, which this Airflow does not read)"
            )
        if self.exported:
            return f"{self.variable}={self.value} ({self.why})"
        if self.set_as:
            return (
                f"{self.variable}={self.value} ({self.origin}, {self.set_as}{self.why and '; ' + self.why})"
            )
        return f"{self.variable} stays Airflow's {self.value} ({self.why})"


def encode(settings: Iterable[ResolvedSetting]) -> str:
    """Return the record of `settings`: a JSON list with a list of strings for each."""
    rows = ("[" + ",".join(_quoted(field) for field in _fields(setting)) + "]" for setting in settings)
    return "[" + ",".join(rows) + "]"


def decode(environ: Mapping[str, str]) -> list[ResolvedSetting]:
    """Return the settings in the record; an absent record, or one that this Runtime did not write, says nothing."""
    if not environ.get(RECORD_VARIABLE):
        return []
    import json

    try:
        return [_resolved(row) for row in json.loads(environ[RECORD_VARIABLE])]
    except (ValueError, TypeError, RecursionError):
        return []


def strip_exports(environ: Mapping[str, str]) -> dict[str, str]:
    """Return `environ` as the operator left it: without what an earlier start exported, unless changed since."""
    ours = {setting.variable: setting.value for setting in decode(environ) if setting.exported}
    return {
        name: text for name, text in environ.items() if ours.get(name) != text and name != RECORD_VARIABLE
    }


def _resolved(row: object) -> ResolvedSetting:
    if not isinstance(row, list) or not all(isinstance(field, str) for field in row):
        raise TypeError
    documented, variable, value, origin, why, exported, set_as = row
    return ResolvedSetting(documented, variable, value, origin, why, exported == "exported", set_as)


def _fields(setting: ResolvedSetting) -> tuple[str, ...]:
    exported = "exported" if setting.exported else ""
    return (
        setting.documented,
        setting.variable,
        setting.value,
        setting.origin,
        setting.why,
        exported,
        setting.set_as,
    )


def _quoted(text: str) -> str:
    """Quote `text` for JSON; what cannot be printed, which no value of the table holds, becomes a blank."""
    printable = text if text.isprintable() else "".join(sign if sign.isprintable() else " " for sign in text)
    return '"' + printable.replace("\\", "\\\\").replace('"', '\\"') + '"'
