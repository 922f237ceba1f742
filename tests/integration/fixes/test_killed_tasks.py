from __future__ import annotations

import signal

import pytest

from testing.execution_api import NOT_RUNNING
from testing.proof import Proof
from testing.supervised_task import SupervisedTask, supervised_task
from testing.waiting import wait_until

DAG = """
import asyncio, os, time
from contextlib import suppress
from pathlib import Path
from airflow.sdk import DAG, BaseAsyncOperator, BaseHook, BaseOperator, Variable

FOLDER = Path(os.environ["FOLDER"])

class Operator(BaseOperator):
    def execute(self, context):
        (FOLDER / "started").touch()
        while not (FOLDER / "killed").exists():
            time.sleep(0.05)

    def on_kill(self):
        with open(FOLDER / "killed", "a") as file:
            file.write("x")

class Stubborn(Operator):
    def execute(self, context):
        try:
            super().execute(context)
        except BaseException:
            pass

class Unkillable(BaseOperator):
    execute = Operator.execute

class Asking(Operator):
    def execute(self, context):
        Variable.get("slow", default=None)
        super().execute(context)

class Endless(Operator):
    def execute(self, context):
        (FOLDER / "started").touch()
        while True:
            time.sleep(0.05)

class Async(BaseAsyncOperator):
    on_kill = Operator.on_kill

    async def aexecute(self, context):
        (FOLDER / "started").touch()
        while not (FOLDER / "killed").exists():
            await asyncio.sleep(0.05)

class AsyncAsking(Async):
    async def aexecute(self, context):
        with suppress(Exception):
            await BaseHook.aget_connection("slow")
        await Async.aexecute(self, context)

class LoopAsking(Operator):
    def execute(self, context):
        asyncio.new_event_loop().run_until_complete(AsyncAsking.aexecute(self, context))

class Gathering(Async):
    async def aexecute(self, context):
        ask = AsyncAsking.aexecute(self, context)
        await asyncio.gather(ask, Async.aexecute(self, context), return_exceptions=True)

def fail(context):
    (FOLDER / "failure").write_text(str(context["exception"]))
    while (FOLDER / "wait").exists():
        time.sleep(0.05)

with DAG("dag", schedule=None):
    {operator}(task_id="task", retries={retries}, on_failure_callback=fail)
"""


def dag(operator: str, retries: int = 0) -> str:
    return DAG.replace("{operator}", operator).replace("{retries}", str(retries))


def terminate(task: SupervisedTask) -> list[str]:
    """Send SIGTERM to the supervisor, and return the states that it reports."""
    task.terminate()
    assert task.wait() == 0
    return task.api.states


@pytest.mark.parametrize("operator", ["Operator", "Stubborn", "Async"])
def test_task_that_sigterm_stops_is_no_success(proof: Proof, operator: str) -> None:
    with supervised_task(proof, dag(operator)) as task:
        task.wait_for_file("started")
        assert terminate(task) == proof.expect(stock=["success"], fixed=["failed"])
        assert task.has_file("killed")
        assert task.has_file("failure") is proof.expect(stock=False, fixed=True)


def test_retries_of_a_task_that_sigterm_stops_count(proof: Proof) -> None:
    with supervised_task(proof, dag("Operator", retries=1), retries=1) as task:
        task.wait_for_file("started")
        assert terminate(task) == proof.expect(stock=["success"], fixed=["up_for_retry"])


@pytest.mark.parametrize(
    ("operator", "request_path"),
    [
        ("Asking", "variables"),
        ("AsyncAsking", "connections"),
        ("LoopAsking", "connections"),
        ("Gathering", "connections"),
    ],
)
def test_request_to_the_supervisor_is_not_interrupted(proof: Proof, operator: str, request_path: str) -> None:
    with supervised_task(proof, dag(operator)) as task:
        with task.api.hold(request_path):
            assert task.api.is_holding.wait(300), task.describe()
            task.supervisor.send_signal(signal.SIGTERM)
            wait_until(lambda: "forwarding" in task.describe(), task.describe)
        assert task.wait() == 0
        assert task.api.states == proof.expect(stock=["success"], fixed=["failed"])
        assert task.has_file("failure") is proof.expect(stock=False, fixed=True)


def test_second_sigterm_does_not_disturb_the_report(proof: Proof) -> None:
    with supervised_task(proof, dag("Operator")) as task:
        (task.folder / "wait").touch()
        task.wait_for_file("started")
        task.terminate()
        wait_until(lambda: task.has_ended() or task.has_file("failure"), task.describe)
        if not task.has_ended():
            task.supervisor.send_signal(signal.SIGTERM)
            wait_until(lambda: task.describe().count("forwarding") == 2, task.describe)
            (task.folder / "wait").unlink()
        assert task.wait() == 0
        assert task.wait_for_file("killed") == "x"
        assert task.api.states == proof.expect(stock=["success"], fixed=["failed"])


def test_task_without_on_kill_may_finish(half: Proof) -> None:
    with supervised_task(half, dag("Unkillable")) as task:
        task.wait_for_file("started")
        task.terminate()
        (task.folder / "killed").touch()
        assert task.wait() == 0
        assert task.api.states == ["success"]


def test_task_whose_state_was_changed_reports_nothing(half: Proof) -> None:
    with supervised_task(half, dag("Endless")) as task:
        task.wait_for_file("started")
        task.api.answers["heartbeat"] = NOT_RUNNING
        task.wait()
        assert task.has_file("killed")
        assert not task.has_file("failure")
        assert not task.api.states
