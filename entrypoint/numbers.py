"""Numbers as each Airflow reads them; all raise ValueError for a text that is none."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST = 10_000_000  # no setting of the Runtime's means anything above this; 1e9 is a slip of the pen


def whole(text: str) -> int:
    """Read a whole number as `AirflowConfigParser.getint` of Airflow 2.11 does."""
    return int(text)


def whole_or_point_zero(text: str) -> int:
    """Read a whole number as `AirflowConfigParser.getint` of Airflow 3 does, which takes `5.0` for 5."""
    try:
        return int(text)
    except ValueError:
        value = float(text)
        if not value.is_integer():
            raise
        return int(value)


# How each line's Airflow reads a setting that it takes as int (`getint`) or as float (`getfloat`).
READERS: dict[str, dict[type, Callable[[str], float]]] = {
    "3.3": {int: whole_or_point_zero, float: float},
    "2.11": {int: whole, float: float},
}
