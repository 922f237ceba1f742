"""Reads values as Airflow does: numbers, booleans, and variables within a value (`$SLOTS`, `${SLOTS}`, `~`)."""

from __future__ import annotations

import os

from entrypoint.errors import StartError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

MAX_EXPANSIONS = 50  # rounds in which a variable may refer to another
BOOLEANS = {"t": True, "true": True, "1": True, "f": False, "false": False, "0": False}
# Spellings of off, besides an empty text and zero.
OFF = ("f", "false", "n", "no", "off", "none", "null", "disable", "disabled")
MAX_VALUE = 10_000_000  # tasks over all worker queues; more is a typo


def parse_int_airflow2(text: str) -> int:
    """Parse a whole number as `AirflowConfigParser.getint` of Airflow 2.11 does."""
    return int(text)


def parse_int_airflow3(text: str) -> int:
    """Parse a whole number as `AirflowConfigParser.getint` of Airflow 3 does, which accepts `5.0` as 5."""
    try:
        return int(text)
    except ValueError:
        value = float(text)
        if not value.is_integer():
            raise
        return int(value)


# How each line's Airflow parses a setting that it reads as int (`getint`) or as float (`getfloat`).
NUMBER_PARSERS: dict[str, dict[type, Callable[[str], float]]] = {
    "3.3": {int: parse_int_airflow3, float: float},
    "2.11": {int: parse_int_airflow2, float: float},
}


def airflow_boolean(text: str) -> bool | None:
    """Return the boolean that Airflow's `getboolean` reads, which ignores a comment; None where it raises."""
    return BOOLEANS.get(text.partition("#")[0].strip().lower())


def is_on(text: str | None) -> bool:
    """Whether a switch of the start is on: any text but a spelling of off, among them those of Airflow's `getboolean`.

    Quotes around the text (`docker run --env-file` keeps them) and a comment behind it do not count.
    """
    word = (text or "").partition("#")[0].strip().strip("\"'").strip().lower()
    return word not in OFF and bool(word.strip("+-0."))


def expand(text: str, location: str = "a value") -> str:
    """Expand variables until nothing changes, as Airflow's `expand_env_var` does.

    Raises StartError for a circular reference, on which Airflow hangs. The error names `location`, not the text.
    """
    for _ in range(MAX_EXPANSIONS):
        if "$" not in text and not text.startswith("~"):
            return text
        expanded = os.path.expanduser(os.path.expandvars(text))
        if expanded == text:
            return text
        text = expanded
    raise StartError(f"{location} contains a circular variable reference; it must expand to a value")
