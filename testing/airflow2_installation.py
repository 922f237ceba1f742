"""An Airflow 2.11 whose tasks write logs into a store: its commands and its processes."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import psycopg2  # type: ignore[import-untyped]

from astro_runtime_plugin.task_logs.shipping.spool import Spool
from testing.airflow2_log_dags import DAG, TRIGGER
from testing.airflow_command import AIRFLOW_COMMANDS
from testing.celery_timeout import SEND_TIMEOUT
from testing.entrypoint_process import CHECKOUT, isolated_environment
from testing.fixed_secrets import FERNET_KEY, SECRET_KEY
from testing.servers import free_port, log_server_ports
from testing.waiting import wait_until

LOGGING_CONFIG = "astro_runtime_plugin.task_logs.airflow2.logging_config.LOGGING_CONFIG"
SHIPPER = "astro_runtime_plugin.task_logs.shipping.shipper"
# For `write_settings`: pods that wait for a store as long as it takes.
PATIENT_PODS = """
from astro_runtime_plugin.task_logs.airflow2 import handler
handler.POD_SECONDS = 300.0
"""


class Airflow2:
    """An installation in `home`; `store` is the URL of its task logs, empty for a stock Airflow."""

    def __init__(self, home: Path, database: str, store: str, dag: str = "logs", **variables: str) -> None:
        self.home, self.dag = home, dag
        (home / "dags").mkdir(parents=True, exist_ok=True)
        (home / "dags" / "logs.py").write_text(DAG)
        (home / "config").mkdir(exist_ok=True)
        (home / "config" / "until_file.py").write_text(TRIGGER)
        (home / "airflow.cfg").touch()
        self.port = free_port()
        runtime = {"AIRFLOW__ASTRO_RUNTIME__TASK_LOGS": store} if store else {}
        config = {"AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS": LOGGING_CONFIG} if store else {}
        self.environ = isolated_environment(
            home,
            AIRFLOW__CORE__FERNET_KEY=FERNET_KEY,
            AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION="False",
            AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=database,
            AIRFLOW__LOGGING__BASE_LOG_FOLDER=str(home / "logs"),
            AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK="False",
            AIRFLOW__SCHEDULER__CHILD_PROCESS_LOG_DIRECTORY=str(home / "processor"),
            AIRFLOW__WEBSERVER__SECRET_KEY=SECRET_KEY,
            AIRFLOW__WEBSERVER__WORKERS="1",
            # A worker of one thread would wait for the request of a connection that a browser keeps in reserve.
            GUNICORN_CMD_ARGS="--threads 4",
            AIRFLOW__WEBSERVER__WEB_SERVER_MASTER_TIMEOUT="600",
            AIRFLOW__WEBSERVER__WEB_SERVER_WORKER_TIMEOUT="600",
            AIRFLOW__API__AUTH_BACKENDS="airflow.api.auth.backend.basic_auth",
            **SEND_TIMEOUT,
            **{
                "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
                **log_server_ports(),
                **runtime,
                **config,
                **variables,
            },
        )
        self._processes: list[subprocess.Popen[bytes]] = []

    @property
    def log_folder(self) -> Path:
        return self.home / "logs"

    def airflow(self, *commands: str) -> None:
        """Run airflow commands to their end, all in one process."""
        done = subprocess.run(
            [*AIRFLOW_COMMANDS, *commands],
            env=self.environ,
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self, name: str, *words: str, **variables: str) -> subprocess.Popen[bytes]:
        """Start an airflow command in a session of its own; its output goes to `name`.out."""
        with open(self.home / f"{name}.out", "ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "airflow", *words],
                env={**self.environ, **variables},
                cwd=CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def create_run(self, run: str) -> None:
        """Create a run of the DAG whose tasks are queued, without a scheduler."""
        self.create_runs(run)

    def create_runs(self, *runs: str) -> None:
        """Create runs of the DAG, each of another day, whose tasks are queued."""
        days = [f"2026-01-{day:02}" for day in range(1, len(runs) + 1)]
        triggers = [
            f"dags trigger {self.dag} --run-id {run} --exec-date {day}"
            for run, day in zip(runs, days, strict=True)
        ]
        self.airflow("dags reserialize", *triggers)
        self.sql("UPDATE dag_run SET state = 'running'")
        self.sql("UPDATE task_instance SET state = 'queued', try_number = 1")

    def sql(self, statement: str) -> None:
        """Run one statement in the database."""
        connection = psycopg2.connect(
            self.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg2", "")
        )
        with contextlib.closing(connection), connection, connection.cursor() as cursor:
            cursor.execute(statement)

    def run_task(self, run: str, task: str, *words: str) -> subprocess.Popen[bytes]:
        """Start the command with which executors run a task: a LocalTaskJob that forks the task."""
        return self.start(f"{task}-{run}", "tasks", "run", self.dag, task, run, "--local", "--force", *words)

    def path(self, run: str, task: str, try_number: int = 1, map_index: int = -1) -> str:
        """Return the relative path of a log."""
        index = f"map_index={map_index}/" if map_index >= 0 else ""
        return f"dag_id={self.dag}/run_id={run}/task_id={task}/{index}attempt={try_number}.log"

    def local(self, path: str) -> bytes:
        """Return the bytes of a local log file; empty if there is none."""
        with contextlib.suppress(FileNotFoundError):
            return (self.log_folder / path).read_bytes()
        return b""

    def write_settings(self, source: str) -> None:
        """Have each process run Python code at its start, as an operator's airflow_local_settings.py."""
        (self.home / "config" / "airflow_local_settings.py").write_text(source)

    def family(self) -> list[psutil.Process]:
        """Return the processes below those that were started, but for the shipper."""
        return [child for process in self._processes if process.poll() is None for child in children(process)]

    def describe(self) -> str:
        """Return the end of each process's output, for a failed test."""
        outputs = (
            f"== {path.name}\n{path.read_text(errors='replace')[-3000:]}" for path in self.home.glob("*.out")
        )
        return "\n".join(outputs)

    def close(self) -> None:
        """Kill what still runs, with its children."""
        for process in self._processes:
            kill_with_children(process)
        kill_shippers(self)


def children(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """Return the processes below a process, but for the shipper, which it starts."""
    below = []
    for child in psutil.Process(process.pid).children(recursive=True):
        # One that has ended meanwhile must not hide the others.
        with contextlib.suppress(psutil.NoSuchProcess):
            below += [child] if SHIPPER not in child.cmdline() else []
    return below


def shippers(airflow: Airflow2) -> list[psutil.Process]:
    """Return the processes that send an installation's logs to its store."""
    words = {SHIPPER, str(airflow.log_folder)}
    processes = psutil.process_iter(["cmdline"])
    return [process for process in processes if words <= set(process.info["cmdline"] or [])]


def kill_with_children(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all below it at once, but for the shipper."""
    family: list[psutil.Process] = []
    with contextlib.suppress(psutil.NoSuchProcess):
        # Another process may have the id of one that was waited for.
        family = children(process) if process.poll() is None else []
    process.kill()
    for child in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    process.wait(300)


def kill_shippers(airflow: Airflow2) -> None:
    """Kill the processes that send an installation's logs to its store, also one that is just being started."""

    def are_gone() -> bool:
        alive = shippers(airflow)
        for shipper in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                shipper.kill()
        return not alive

    wait_until(are_gone, airflow.describe, pause=0.05)


@contextlib.contextmanager
def without_shipper(airflow: Airflow2) -> Iterator[None]:
    """Kill the shipper, and let no other one work until the end of the block."""
    spool = Spool(airflow.log_folder)

    def lock() -> int | None:
        kill_shippers(airflow)
        return spool.lock_shipper()

    descriptor: int = wait_until(lock, airflow.describe)  # one that is just being started may have it
    try:
        yield
    finally:
        os.close(descriptor)
