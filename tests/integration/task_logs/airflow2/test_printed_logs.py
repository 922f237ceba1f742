"""Lines of tasks' logs on stdout without a store, of LocalExecutor and CeleryExecutor: one Airflow has both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from astro_runtime_plugin.task_logs.stdout import FIELDS
from testing.airflow2_installation import Airflow2
from testing.printed_lines import assert_printed_once, other_lines, printed_lines, record_starts
from testing.servers import Postgres, redis
from testing.waiting import wait_until

RUN = "run"
OUTPUTS = {"LocalExecutor": "scheduler", "CeleryExecutor": "worker"}
LONG = 20_000  # characters of a line
DAG = """
import logging
from datetime import datetime
from airflow import DAG
from airflow.decorators import task

with DAG("printed", schedule=None, start_date=datetime(2026, 1, 1)):
    for executor in ("LocalExecutor", "CeleryExecutor"):
        @task(task_id=executor, executor=executor)
        def tell(number):
            logging.getLogger("a.library").warning("logged %s", "\\u2603 \\U0001f680")
            print("x" * 20_000)
            try:
                raise KeyError("cause")
            except KeyError as error:
                raise ValueError("failed") from error
        tell.expand(number=[1, 2])
"""


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory, metadata: Postgres) -> Iterator[Airflow2]:
    database = metadata.create("printed_logs", "migrated")
    with redis() as broker:
        variables = {
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor,CeleryExecutor",
            "AIRFLOW__CELERY__BROKER_URL": broker,
            "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{database}",
            "AIRFLOW__CELERY__WORKER_CONCURRENCY": "2",
            "AIRFLOW__ASTRO_RUNTIME__TASK_LOGS_TO_STDOUT": "True",
        }
        airflow = Airflow2(tmp_path_factory.mktemp("home"), database, "", "printed", **variables)
        (airflow.home / "dags" / "logs.py").write_text(DAG)
        airflow.airflow("dags reserialize", f"dags trigger printed --run-id {RUN}")
        airflow.start("scheduler", "scheduler")
        airflow.start("worker", "celery", "worker", "--skip-serve-logs")
        yield airflow
        airflow.close()


def output(airflow: Airflow2, executor: str) -> str:
    return (airflow.home / f"{OUTPUTS[executor]}.out").read_text(errors="replace")


def ended_lines(airflow: Airflow2, executor: str, path: str) -> list[dict[str, Any]]:
    """Return the objects of a log that has ended; none while it has more lines than were printed."""
    complete = output(airflow, executor).rpartition("\n")[0]
    lines = [line for line in printed_lines(complete) if line["log"] == path]
    has_ended = any("Task exited with return code" in line["message"] for line in lines)
    return lines if has_ended and len(lines) >= len(record_starts(airflow.log_folder / path)) else []


@pytest.mark.parametrize("executor", OUTPUTS)
@pytest.mark.parametrize("index", [0, 1])
def test_each_line_is_on_the_executors_stdout_once(airflow: Airflow2, executor: str, index: int) -> None:
    path = airflow.path(RUN, executor, map_index=index)
    lines = wait_until(lambda: ended_lines(airflow, executor, path), airflow.describe, pause=0.5)
    assert_printed_once(lines, airflow.log_folder / path)
    assert {(line["dag_id"], line["run_id"], line["task_id"]) for line in lines} == {
        ("printed", RUN, executor)
    }
    assert {(line["map_index"], line["try_number"]) for line in lines} == {(index, 1)}
    assert all({*FIELDS} - {"fields", "cut"} <= set(line) <= {*FIELDS} for line in lines)
    (logged,) = [line for line in lines if line["logger"] == "a.library"]
    assert (logged["level"], logged["message"]) == ("warning", "logged \u2603 \U0001f680")
    (long,) = [line for line in lines if line["message"].startswith("xxx")]
    assert len(long["message"]) + long["cut"] == LONG
    exceptions = [str(line["exception"]) for line in lines if line["exception"]]
    assert exceptions
    assert all(text.index("KeyError: 'cause'") < text.index("ValueError: failed") for text in exceptions)
    assert not any("a.library" in line or "xxx" in line for line in other_lines(output(airflow, executor)))
