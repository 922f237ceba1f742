from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

from testing.airflow_command import AIRFLOW_COMMANDS
from testing.entrypoint_process import CHECKOUT
from testing.proof import FIXED, STOCK, Proof
from testing.servers import InterruptiblePostgres, Postgres
from testing.waiting import wait_until

AIRFLOW = (sys.executable, "-m", "airflow")
DAG = """
import os, time
from pathlib import Path
from airflow import DAG
from airflow.decorators import task
from airflow.exceptions import AirflowException
from airflow.models import Variable

HOME = Path(os.environ["AIRFLOW_HOME"])

def outlast(result):
    (HOME / f"began {result}").touch()
    while not (HOME / "end").exists():
        time.sleep(0.1)

with DAG("dag", schedule=None, is_paused_upon_creation=False):
    @task
    def success():
        outlast("success")
        return "result"

    @task
    def failed():
        outlast("failed")
        raise AirflowException("by the task")

    @task
    def read():
        outlast("read")
        return Variable.get("name", default_var="default")

    @task
    def late():
        return "result"

    @task
    def raw():
        return "result"

    success(), failed(), read(), late(), raw()
"""
TASKS = ("success", "failed", "read")
SUPERVISOR = ("--local", "--ignore-all-dependencies")
OUTAGE = 30.0  # seconds, longer than Airflow tries to save a result
# Seconds. Without the fix, all tasks end during the outage, but a busy machine starts them slowly.
PATIENCE = {STOCK: 300.0, FIXED: OUTAGE}


def create_run(proof: Proof, postgres: Postgres, dag: str, **variables: str) -> dict[str, str]:
    """Create a DAG and a run of it in a new database; return the environment."""
    environ = proof.environment(AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=postgres.create("airflow"), **variables)
    folder = proof.home / "dags"
    folder.mkdir()
    (folder / "dags.py").write_text(dag)
    create = [*AIRFLOW_COMMANDS, "db migrate", "dags reserialize", "dags trigger dag --run-id run"]
    subprocess.run(create, env=environ, cwd=CHECKOUT, capture_output=True, check=True, timeout=300)
    return environ


class Processes:
    """The processes of tasks, which end with the block."""

    def __init__(self, environ: dict[str, str]) -> None:
        self._environ = environ
        self.tasks: list[subprocess.Popen[bytes]] = []

    def start(self, names: Iterable[str], options: Sequence[str] = SUPERVISOR) -> None:
        """Start `airflow tasks run` for each of the tasks."""
        for name in names:
            words = [*AIRFLOW, "tasks", "run", "dag", name, "run", *options]
            self.tasks.append(subprocess.Popen(words, env=self._environ, stderr=subprocess.DEVNULL))

    def wait_during_outage(self, seconds: float) -> None:
        """Wait for their ends for some seconds in all: without a database, they may not end at all."""
        for task in self.tasks:
            with suppress(subprocess.TimeoutExpired):
                task.wait(seconds / len(self.tasks))

    def wait(self) -> None:
        """Wait for their ends."""
        for task in self.tasks:
            task.wait(300)


@contextmanager
def task_processes(environ: dict[str, str]) -> Iterator[Processes]:
    """Yield what starts processes of tasks; at the end, those that are left are terminated."""
    processes = Processes(environ)
    try:
        yield processes
    finally:
        for task in processes.tasks:
            task.terminate()


def test_task_outlasts_an_outage_at_its_start_and_end(proof: Proof, server: InterruptiblePostgres) -> None:
    postgres, away = server
    environ = create_run(proof, postgres, DAG)
    postgres.sql("airflow", "INSERT INTO variable (key, val) VALUES ('name', 'value') RETURNING key")
    with task_processes(environ) as tasks:
        tasks.start(TASKS)
        wait_until(lambda: all((proof.home / f"began {name}").exists() for name in TASKS))
        with away():
            (proof.home / "end").touch()
            tasks.start(["late"])
            # The process of a task, which its supervisor started before the outage.
            tasks.start(["raw"], ["--raw"])
            tasks.wait_during_outage(PATIENCE[proof.mode])
        tasks.wait()
    states = dict(postgres.sql("airflow", "SELECT task_id, state FROM task_instance"))
    assert states == proof.expect(
        stock={"success": "running", "failed": "running", "read": "running", "late": None, "raw": None},
        fixed={
            "success": "success",
            "failed": "failed",
            "read": "success",
            "late": "success",
            "raw": "success",
        },
    )
    pushed = postgres.sql("airflow", "SELECT task_id, convert_from(value, 'utf8') FROM xcom ORDER BY task_id")
    fixed = {"late": "result", "raw": "result", "read": "value", "success": "result"}
    assert pushed == proof.expect(stock=[], fixed=[(name, f'"{value}"') for name, value in fixed.items()])


SAVING_DAG = """
import os, time
from datetime import timedelta
from pathlib import Path
from airflow import DAG
from airflow.datasets import Dataset
from airflow.decorators import task
from airflow.exceptions import AirflowException, TaskDeferred
from airflow.triggers.temporal import TimeDeltaTrigger

HOME = Path(os.environ["AIRFLOW_HOME"])

def note(name):
    with open(HOME / f"saving {name}", "a") as file:
        file.write("once ")
    while not (HOME / "end").exists():
        time.sleep(0.1)

class SlowTrigger(TimeDeltaTrigger):
    def serialize(self):
        note("deferred")
        return super().serialize()

with DAG("dag", schedule=None, is_paused_upon_creation=False):
    @task(on_success_callback=lambda context: note("success"), outlets=[Dataset("file:///saved")])
    def success():
        with open(HOME / "code", "a") as file:
            file.write("once ")
        return "result"

    @task(on_failure_callback=lambda context: note("failed"))
    def failed():
        raise AirflowException("by the task")

    @task
    def deferred():
        raise TaskDeferred(trigger=SlowTrigger(timedelta(days=1)), method_name="resume")

    success(), failed(), deferred()
"""
SAVING = ("success", "failed", "deferred")


def test_result_is_saved_again_if_the_outage_begins_meanwhile(
    proof: Proof, server: InterruptiblePostgres
) -> None:
    """Airflow calls a task's callbacks, and serializes its trigger, between the transactions that save its state."""
    postgres, away = server
    environ = create_run(proof, postgres, SAVING_DAG)
    with task_processes(environ) as tasks:
        tasks.start(SAVING)
        wait_until(lambda: all((proof.home / f"saving {name}").exists() for name in SAVING))
        with away():
            (proof.home / "end").touch()
            tasks.wait_during_outage(PATIENCE[proof.mode])
        tasks.wait()
    states = dict(postgres.sql("airflow", "SELECT task_id, state FROM task_instance"))
    assert states == proof.expect(
        stock=dict.fromkeys(SAVING, "running"),
        fixed={"success": "success", "failed": "failed", "deferred": "deferred"},
    )
    reports = [(proof.home / name).read_text() for name in ("code", "saving success", "saving failed")]
    assert reports == ["once "] * 3
    events = postgres.sql("airflow", "SELECT count(*) FROM dataset_event")
    assert events == proof.expect(stock=[(0,)], fixed=[(1,)])


PLAIN_DAG = """
from airflow import DAG
from airflow.decorators import task

with DAG("dag", schedule=None, is_paused_upon_creation=False):
    @task
    def late():
        return "result"

    late()
"""
SLOW_RUNNER = """
import os, time
from pathlib import Path
from airflow.task.task_runner.standard_task_runner import StandardTaskRunner

HOME = Path(os.environ["AIRFLOW_HOME"])

class SlowRunner(StandardTaskRunner):
    def __init__(self, *args):
        (HOME / "creating").touch()
        while not (HOME / "end").exists():
            time.sleep(0.1)
        super().__init__(*args)
"""


def test_supervisor_outlasts_an_outage_that_begins_before_it_starts_its_task(
    proof: Proof, server: InterruptiblePostgres
) -> None:
    """The supervisor reads the name of the task's log once more when it creates the runner of the task."""
    postgres, away = server
    environ = create_run(proof, postgres, PLAIN_DAG, AIRFLOW__CORE__TASK_RUNNER="slow_runner.SlowRunner")
    (proof.home / "config").mkdir(exist_ok=True)
    (proof.home / "config" / "slow_runner.py").write_text(SLOW_RUNNER)
    with task_processes(environ) as tasks:
        tasks.start(["late"])
        (task,) = tasks.tasks
        wait_until(lambda: (proof.home / "creating").exists(), failed=lambda: task.poll() is not None)
        with away():
            (proof.home / "end").touch()
            tasks.wait_during_outage({STOCK: 120, FIXED: 10}[proof.mode])
        tasks.wait()
    states = postgres.sql("airflow", "SELECT task_id, state FROM task_instance")
    assert states == proof.expect(stock=[("late", None)], fixed=[("late", "success")])
