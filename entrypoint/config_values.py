"""The values of settings: numbers as each Airflow parses them, and variables in a value (`$SLOTS`, `${SLOTS}`, `~`)."""

from __future__ import annotations

import os

from entrypoint.errors import StartError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

MAX_EXPANSIONS = 50  # how often a variable may lead to another
MAX_VALUE = 10_000_000  # no setting of the Runtime's means anything above this; 1e9 is a slip of the pen


def parse_int(text: str) -> int:
    """Read a whole number as `AirflowConfigParser.getint` of Airflow 2.11 does."""
    return int(text)


def parse_integral(text: str) -> int:
    """Read a whole number as `AirflowConfigParser.getint` of Airflow 3 does, which takes `5.0` for 5."""
    try:
        return int(text)
    except ValueError:
        value = float(text)
        if not value.is_integer():
            raise
        return int(value)


# How each line's Airflow reads a setting that it takes as int (`getint`) or as float (`getfloat`).
NUMBER_PARSERS: dict[str, dict[type, Callable[[str], float]]] = {
    "3.3": {int: parse_integral, float: float},
    "2.11": {int: parse_int, float: float},
}


def expand(text: str, where: str = "a value") -> str:
    """Fill in variables until nothing changes, as Airflow's `expand_env_var` does.

    Raises StartError, which names `where` and not the text, where it would never end; Airflow hangs there.
    """
    for _ in range(MAX_EXPANSIONS):
        if "$" not in text and not text.startswith("~"):
            return text
        filled = os.path.expanduser(os.path.expandvars(text))
        if filled == text:
            return text
        text = filled
    raise StartError(
        f"{where} refers to a variable that refers to itself without end; it must come to a value"
    )
