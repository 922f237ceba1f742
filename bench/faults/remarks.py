"""Why a fault costs something with the Runtime, where that is known and stays so: by line, and name of the fault."""

from __future__ import annotations

from collections.abc import Mapping

REMARKS: Mapping[tuple[str, str], str] = {
    **dict.fromkeys(
        [("3.3", "clock-forward"), ("2.11", "clock-forward")],
        "the database's clock does not jump, and Airflow starts a DAG run when that has reached the run's date. A run"
        " that an asset triggers within ten minutes after the jump waits for that long.",
    ),
}
