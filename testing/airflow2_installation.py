"""An Airflow 2.11 whose tasks write logs into a store: its commands and its processes."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import psycopg2  # type: ignore[import-untyped]

from testing.airflow2_log_dags import DAG
from testing.airflow_command import AIRFLOW_COMMANDS
from testing.entrypoint_process import CHECKOUT, isolated_environment
from testing.fixed_secrets import FERNET_KEY, SECRET_KEY
from testing.servers import free_port, log_server_ports

LOGGING_CONFIG = "astro_runtime_plugin.task_logs.airflow2.logging_config.LOGGING_CONFIG"
SHIPPER = "astro_runtime_plugin.task_logs.shipping.shipper"


class Airflow2:
    """An installation in `home`; `store` is the URL of its task logs, empty for a stock Airflow."""

    def __init__(self, home: Path, database: str, store: str, dag: str = "logs", **variables: str) -> None:
        self.home, self.dag = home, dag
        (home / "dags").mkdir(parents=True, exist_ok=True)
        (home / "dags" / "logs.py").write_text(DAG)
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
            AIRFLOW__API__AUTH_BACKENDS="airflow.api.auth.backend.basic_auth",
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
    below = psutil.Process(process.pid).children(recursive=True)
    return [child for child in below if SHIPPER not in child.cmdline()]


def shippers(airflow: Airflow2) -> list[psutil.Process]:
    """Return the processes that send an installation's logs to its store."""
    words = {SHIPPER, str(airflow.log_folder)}
    processes = psutil.process_iter(["cmdline"])
    return [process for process in processes if words <= set(process.info["cmdline"] or [])]


def kill_with_children(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all below it at once, but for the shipper."""
    family: list[psutil.Process] = []
    with contextlib.suppress(psutil.NoSuchProcess):
        family = children(process)
    process.kill()
    for child in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    process.wait(60)


def kill_shippers(airflow: Airflow2) -> None:
    """Kill the processes that send an installation's logs to its store."""
    for shipper in shippers(airflow):
        with contextlib.suppress(psutil.NoSuchProcess):
            shipper.kill()
