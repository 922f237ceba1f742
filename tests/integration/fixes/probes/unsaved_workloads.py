"""Ends the first loop of a real scheduler as an outage does, and reports what its executor sends in the next one."""

from __future__ import annotations

from contextlib import suppress
from types import SimpleNamespace
from typing import Any

from airflow.executors.base_executor import BaseExecutor
from airflow.utils.session import create_session
from sqlalchemy import insert
from sqlalchemy.exc import OperationalError

from testing.dag_run import create_run, dag_source, set_state, task_instance
from testing.installed_line import LINE
from testing.proof import report
from testing.scheduler_parts import create_scheduler

STATES = {"saved": "queued", "unsaved": None}


def queue_tasks(executor: Any) -> None:
    """Queue a task that is saved as queued, and another that is not."""
    create_run("dag", dag_source("dag", STATES))
    for task_id, state in STATES.items():
        set_state(task_id, state)  # type: ignore[arg-type]
        with create_session() as session:
            executor.queued_tasks[task_instance(task_id, session).key] = task_id


def queue_others(executor: Any) -> None:
    """Queue callbacks and tests of connections of Airflow 3 likewise."""
    from uuid import uuid4

    from airflow.models.callback import Callback, CallbackKey
    from airflow.models.connection_test import ConnectionTestKey, ConnectionTestRequest

    callback = {"type": "executor", "fetch_method": "import_path", "data": {}, "priority_weight": 1}
    test = {"connection_id": "connection", "conn_type": "http"}
    for name in STATES:
        state, ids = STATES[name] or "pending", (uuid4(), uuid4())
        with create_session() as session:
            session.execute(insert(Callback.__table__).values(id=ids[0], state=state, **callback))
            tests = insert(ConnectionTestRequest.__table__)
            session.execute(tests.values(id=ids[1], state=state, token=name, **test))
        executor.queued_callbacks[CallbackKey(str(ids[0]))] = name
        executor.queued_connection_tests[ConnectionTestKey(str(ids[1]))] = name


def unsent(executor: Any) -> dict[str, list[str]]:
    queues = ("queued_tasks", "queued_callbacks", "queued_connection_tests")
    return {name: sorted(getattr(executor, name).values()) for name in queues if hasattr(executor, name)}


class EndError(Exception):
    """The next loop has begun."""


def begin_loop() -> None:
    begun.append(unsent(executor))
    if len(begun) == 1:
        raise OperationalError("COMMIT", {}, Exception())
    raise EndError


begun: list[dict[str, list[str]]] = []
executor = BaseExecutor()
queue_tasks(executor)
if LINE == "3.3":
    queue_others(executor)
runner = create_scheduler(executor)
runner.processor_agent = SimpleNamespace()  # which Airflow 2 would start before
runner.adopt_or_reset_orphaned_tasks = begin_loop
with suppress(EndError, OperationalError):
    runner._run_scheduler_loop()
report(begun[1:])
