from __future__ import annotations

from typing import Any

from astro_runtime_plugin.fixes.unreadable_dags import read_or_skip


def test_row_is_read_whether_airflow_passes_it_by_position_or_by_name() -> None:
    def get_dag(bag: Any, dag_id: str, session: Any = None) -> str:
        return f"{dag_id} by {session}"

    read = read_or_skip(get_dag)
    assert read(None, "dag", session="one") == "dag by one"
    assert read(None, dag_id="dag", session="one") == "dag by one"
