"""What a worker's replies say about its tasks: they are input, and may be anything."""

from __future__ import annotations

import json
from typing import Any

import pytest

from astro_runtime_plugin.drain.worker_tasks import WorkerTask, parse_tasks

AIRFLOW_3 = {"args": [json.dumps({"ti": {"dag_id": "orders", "task_id": "load"}})]}
AIRFLOW_2 = {"args": [["airflow", "tasks", "run", "orders", "sum", "run", "--local"]]}


def test_tasks_of_both_lines_have_names_and_the_oldest_is_first() -> None:
    tasks = parse_tasks([{**AIRFLOW_2, "time_start": 20.0}, {**AIRFLOW_3, "time_start": 10}], [AIRFLOW_2])
    assert tasks == [
        WorkerTask("orders", "load", 10.0),
        WorkerTask("orders", "sum", 20.0),
        WorkerTask("orders", "sum", None),
    ]
    assert tasks[0].name == "orders.load"


@pytest.mark.parametrize("args", [None, [], [1], ["["], ["{}"], ['{"ti": {"dag_id": 1}}'], [["other"]], "x"])
def test_task_that_is_not_airflows_counts_without_a_name(args: Any) -> None:
    (task,) = parse_tasks([{"args": args, "time_start": "soon"}], [])
    assert (task.name, task.started) == ("a task without a name", None)


@pytest.mark.parametrize("reply", [[], {}, "x", 1, [None, 1, "x"]])
def test_malformed_reply_has_no_tasks(reply: Any) -> None:
    assert parse_tasks(reply, reply) == []
