"""With `task_logs_to_stdout`, LocalExecutor's stdout has each line of its tasks' logs as an object with all fields."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from astro_runtime_plugin.task_logs.stdout import FIELDS, MAX_BYTES
from testing.entrypoint_process import CHECKOUT, isolated_environment
from testing.execution_api import execution_api
from testing.printed_lines import START, assert_printed_once, other_lines, printed_lines
from testing.task_logs import Machine
from testing.task_workload import task_workload

RUN = """
import sys, time
from airflow.executors.local_executor import LocalExecutor
from airflow.executors.workloads import ExecuteTask

executor = LocalExecutor(parallelism=2)
executor.start()
for workload in sys.argv[1:]:
    executor.queue_workload(ExecuteTask.model_validate_json(workload), session=None)
while len(executor.event_buffer) < len(sys.argv) - 1 or executor.running:
    executor.heartbeat()
    time.sleep(0.1)
executor.end()
"""
LONG = 20 * 1024
DAG = f"""
import logging, sys
from airflow.sdk import DAG, task

def fail():
    try:
        {{}}["missing"]
    except KeyError as error:
        raise ValueError("no value \\u2603") from error

with DAG("dag"):
    @task(task_id="mapped")
    def mapped(number):
        print(f"printed \\u2603 {{number}}")
        print("\\u00fc" * {LONG // 2})
        logging.getLogger("mine").warning("logged %s \\u00fc", number)
        fail()

    @task(task_id="plain")
    def plain():
        for number in range(500):
            print(f"plain {{number}}")
            print(f"error {{number}}", file=sys.stderr)

    mapped.expand(number=[10, 20, 30])
    plain()
"""
IDENTITIES: dict[str, dict[str, Any]] = {
    "dag_id=dag/mapped.log": {"task_id": "mapped", "map_index": 1, "try_number": 2},
    "dag_id=dag/plain.log": {"task_id": "plain", "map_index": -1, "try_number": 1},
}
MAPPED, PLAIN = IDENTITIES
Lines = list[dict[str, Any]]


@pytest.fixture(params=["with a store", "without a store"])
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Machine]:
    url = f"file://{tmp_path}/store" if request.param == "with a store" else ""
    machine = Machine(tmp_path / "home", url)
    yield machine
    machine.kill_shippers()


def run_tasks(machine: Machine) -> str:
    """Run both tasks at once, and return the executor's stdout."""
    (machine.home / "dags").mkdir()
    (machine.home / "dags" / "dag.py").write_text(DAG)
    with execution_api() as api:
        environ = isolated_environment(
            machine.home,
            AIRFLOW__ASTRO_RUNTIME__TASK_LOGS=machine.url,
            AIRFLOW__ASTRO_RUNTIME__TASK_LOGS_TO_STDOUT="True",
            AIRFLOW__CORE__EXECUTOR="LocalExecutor",
            AIRFLOW__CORE__EXECUTION_API_SERVER_URL=api.url,
            AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT="300",  # a client that asks again reports a state twice
        )
        workloads = [task_workload(path, **identity) for path, identity in IDENTITIES.items()]
        command = [sys.executable, "-c", RUN, *workloads]
        # The shipper keeps stderr open for longer than the executor lives.
        with open(machine.home / "out", "wb") as out, open(machine.home / "err", "wb") as err:
            subprocess.run(command, env=environ, cwd=CHECKOUT, stdout=out, stderr=err, timeout=300)
        assert sorted(api.states) == ["failed", "success"], (machine.home / "err").read_text()
    return (machine.home / "out").read_text()


def test_each_line_is_one_object_with_its_task_and_place(machine: Machine) -> None:
    output = run_tasks(machine)
    assert all(len(line.encode()) < MAX_BYTES for line in output.splitlines() if line.startswith(START))
    lines = printed_lines(output)
    for path, identity in IDENTITIES.items():
        of_task = [line for line in lines if line["log"] == path]
        assert_printed_once(of_task, machine.file(path))
        assert_place_and_text(of_task, machine.file(path).read_bytes())
        expected = {"kind": "task_log", "dag_id": "dag", "run_id": "run", **identity}
        assert all(expected.items() <= line.items() for line in of_task)
        assert all(FIELDS.keys() - {"fields", "cut"} <= line.keys() <= FIELDS.keys() for line in of_task)
    assert len(lines) == sum(line["log"] in IDENTITIES for line in lines)
    assert_mapped([line for line in lines if line["log"] == MAPPED])
    plain = [line["message"] for line in lines if line["log"] == PLAIN]
    for word in ("plain", "error"):
        assert [text for text in plain if text.startswith(word)] == [
            f"{word} {number}" for number in range(500)
        ]
    assert not [line for line in other_lines(output) if "printed" in line or "plain 1" in line]
    if machine.url:
        machine.wait_shipped()
        store = Path(machine.url.removeprefix("file://"))
        assert [(store / path).read_bytes() for path in IDENTITIES] == [
            machine.file(path).read_bytes() for path in IDENTITIES
        ]


def assert_place_and_text(lines: Lines, log: bytes) -> None:
    """Assert that each object is of the line that begins at its offset."""
    for line in lines:
        event = json.loads(log[line["offset"] :].partition(b"\n")[0])
        assert [line[name] for name in ("timestamp", "level", "logger")] == [
            event[name] for name in ("timestamp", "level", "logger")
        ]
        assert event["event"].startswith(line["message"])
        assert (
            len(line["message"].encode()) + line.get("cut", 0) == len(event["event"].encode())
            or line["exception"]
        )


def assert_mapped(lines: Lines) -> None:
    def of(start: str) -> dict[str, Any]:
        (line,) = [line for line in lines if line["message"].startswith(start)]
        return line

    assert (of("printed")["message"], of("printed")["logger"]) == ("printed \u2603 20", "task.stdout")
    assert (of("logged")["message"], of("logged")["level"]) == ("logged 20 \u00fc", "warning")
    assert of("\u00fc")["cut"] > 0
    (failure,) = [line for line in lines if line["exception"]]
    assert failure["level"] == "error"
    places = [
        failure["exception"].index(text)
        for text in ("Traceback", "KeyError: ", "ValueError: no value \u2603")
    ]
    assert places == sorted(places)
    assert ", in fail" in failure["exception"]
