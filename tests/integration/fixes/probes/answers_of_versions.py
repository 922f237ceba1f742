"""Starts a task at a real API server as clients of several versions do, the newest first: what each is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen

from airflow.executors.base_executor import BaseExecutor
from airflow.executors.workloads import ExecuteTask
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session

from testing.api_server_process import ApiServerProcess, create_task
from testing.proof import report
from testing.task_in_outage import write_dag

VERSIONS = ("2026-06-30", "2025-04-11", "2025-08-10", "2025-11-05", "2026-04-06", "2026-06-30")
START = {
    "hostname": "host",
    "unixname": "user",
    "pid": 1,
    "state": "running",
    "start_date": "2026-01-01T00:00:00Z",
}


def start(version: str) -> Any:
    """Start the task once more, and return the context that the server answers."""
    with create_session() as session:
        session.query(TaskInstance).update({"state": "queued"})
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Airflow-API-Version": version,
    }
    url = f"{server.url}task-instances/{task.id}/run"
    with urlopen(Request(url, json.dumps(START).encode(), headers, method="PATCH")) as answer:
        return json.load(answer)


def fields(value: Any, path: str = "") -> Iterator[str]:
    """Yield the paths of a value's fields, with the kinds of what is there."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from fields(part, f"{path}/{name}")
    else:
        yield f"{path} {type(value).__name__}"


write_dag()
task = create_task()
token = ExecuteTask.make(task, generator=BaseExecutor().jwt_generator).token
server = ApiServerProcess()
server.start()
try:
    report([sorted(fields(start(version))) for version in VERSIONS])
finally:
    server.stop()
