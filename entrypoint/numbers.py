"""Numbers as each Airflow reads them; all raise ValueError for a text that is none."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

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
