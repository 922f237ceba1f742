"""A run of a real DAG in the database of this process's Airflow, for probes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from testing.airflow_command import airflow_command, save_dags
from testing.installed_line import LINE

RUN = "run"
OPERATORS = {"3.3": "airflow.providers.standard.operators.empty", "2.11": "airflow.operators.empty"}


def dag_source(dag_id: str, task_ids: Iterable[str], options: str = "") -> str:
    """Return a DAG file with independent tasks that do nothing; `options` are those of each operator."""
    return f"""
from airflow import DAG
from {OPERATORS[LINE]} import EmptyOperator

with DAG("{dag_id}", schedule=None):
    for task_id in {list(task_ids)}:
        EmptyOperator(task_id=task_id, {options})
"""


def create_run(dag_id: str, source: str) -> None:
    """Save the DAG file of `source`, and create a run whose id is RUN."""
    save_dags(source, dag_id)
    airflow_command("dags", "trigger", dag_id, "--run-id", RUN)


def task_instance(task_id: str, session: Any) -> Any:
    """Return a task instance of the run; its task may be in any DAG."""
    from airflow.models.taskinstance import TaskInstance

    return session.query(TaskInstance).filter_by(run_id=RUN, task_id=task_id).one()


def set_state(task_id: str, state: str, **columns: Any) -> None:
    """Put a task instance of the run into a state, with other columns, as a scheduler would."""
    from airflow.utils.session import create_session

    with create_session() as session:
        instance = task_instance(task_id, session)
        for name, value in {"state": state, **columns}.items():
            setattr(instance, name, value)


def state_of(task_id: str) -> str | None:
    """Return the state of a task instance of the run."""
    from airflow.utils.session import create_session

    with create_session() as session:
        state = task_instance(task_id, session).state
        return str(state) if state else None


def in_process_client() -> Any:
    """Return a client of the real Execution API of Airflow 3, in this process and without authentication."""
    from airflow.api_fastapi.execution_api.app import InProcessExecutionAPI
    from airflow.sdk.api.client import Client

    client = Client(base_url=None, token="", dry_run=True, transport=InProcessExecutionAPI().transport)
    client.base_url = "http://in-process.invalid./"  # type: ignore[assignment]
    return client
