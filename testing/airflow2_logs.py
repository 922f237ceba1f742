"""An Airflow 2.11 whose tasks write logs into a store: its DAG, its commands, and how a reader elsewhere sees a log."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import httpx
import psutil  # type: ignore[import-untyped]
import psycopg2  # type: ignore[import-untyped]

from astro_runtime_plugin.task_logs.stores.store import LogStore
from testing.entrypoint_process import CHECKOUT, isolated_environment
from testing.fixed_secrets import FERNET_KEY, SECRET_KEY
from testing.servers import free_port
from testing.waiting import retry, wait_until

LOGGING_CONFIG = "astro_runtime_plugin.task_logs.airflow2.logging_config.LOGGING_CONFIG"
SHIPPER = "astro_runtime_plugin.task_logs.shipping.shipper"
PASSWORD = "a password of the tests"
DAG = """
import logging, os, subprocess, sys, time
from datetime import datetime, timedelta
from airflow import DAG
from airflow.decorators import task
from airflow.models import BaseOperator
from airflow.triggers.temporal import TimeDeltaTrigger

HOME = os.environ["AIRFLOW_HOME"]
log = logging.getLogger("a.library")

def remember(context):
    print("from the callback")

class Deferred(BaseOperator):
    def execute(self, context):
        self.log.info("before the deferral")
        seconds = context["dag_run"].conf.get("seconds", 2)
        self.defer(trigger=TimeDeltaTrigger(timedelta(seconds=seconds)), method_name="resume")

    def resume(self, context, event=None):
        self.log.info("after the deferral")

@task
def wait(**context):
    number = 0
    while not os.path.exists(f"{HOME}/go-{context['run_id']}"):
        number += 1
        log.info("line %d of the task", number)
        time.sleep(0.05)
    log.info("the last line")
with DAG("alone", schedule=None, start_date=datetime(2026, 1, 1)):
    wait()

with DAG("logs", schedule=None, start_date=datetime(2026, 1, 1)):
    @task(on_success_callback=remember)
    def talk():
        log.info("from a library")
        print("from stdout")
        print("from stderr", file=sys.stderr)
        print("snowman \\u2603, emoji \\U0001f680, a lone surrogate's place")
        print("x" * 1_000_000 + "end of the long line")
        if os.fork() == 0:
            log.info("from a forked process")
            logging.shutdown()
            os._exit(0)
        os.wait()
        log.info("after the forked process")
    talk()

    wait()

    @task(retries=1, retry_delay=timedelta(seconds=1))
    def fail(**context):
        log.info("this is try %d", context["ti"].try_number)
        if context["ti"].try_number == 1:
            raise ValueError("the first try fails")
    fail()

    @task
    def mapped(number):
        log.info("the number is %d", number)
    mapped.expand(number=[1, 2])

    Deferred(task_id="deferred")
"""


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
            **{"AIRFLOW__CORE__EXECUTOR": "LocalExecutor", **runtime, **config, **variables},
        )
        self._processes: list[subprocess.Popen[bytes]] = []

    @property
    def log_folder(self) -> Path:
        return self.home / "logs"

    def airflow(self, *words: str) -> str:
        """Run an airflow command to its end, and return its output."""
        done = subprocess.run(
            [sys.executable, "-m", "airflow", *words],
            env=self.environ,
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

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
        self.airflow("dags", "reserialize")
        self.airflow("dags", "trigger", self.dag, "--run-id", run)
        self.sql(f"UPDATE dag_run SET state = 'running' WHERE run_id = '{run}'")
        self.sql(f"UPDATE task_instance SET state = 'queued', try_number = 1 WHERE run_id = '{run}'")

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
            with contextlib.suppress(psutil.NoSuchProcess):
                family = psutil.Process(process.pid)
                for member in [*family.children(recursive=True), family]:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        member.kill()
            process.wait(60)
        for shipper in shippers(self):
            shipper.kill()


class LogReader:
    """A web server on another machine: it has the same database and store, but none of the log files."""

    def __init__(self, airflow: Airflow2) -> None:
        self.url, self._dag = f"http://127.0.0.1:{airflow.port}", airflow.dag
        self._client = httpx.Client(base_url=self.url, auth=("ann", PASSWORD), timeout=60)

    def text(self, run: str, task: str, try_number: int = 1, map_index: int = -1, full: bool = False) -> str:
        """Return a log as the UI asks for it."""
        params = {"map_index": map_index, "full_content": full}
        return self._get(run, task, try_number, params, "text/plain").text

    def read(self, run: str, task: str, token: str = "") -> tuple[str, str]:
        """Return what the REST API has of a log since a token, and the next token."""
        params = {"token": token} if token else {}
        answer = self._get(run, task, 1, params, "application/json").json()
        return answer["content"], answer["continuation_token"]

    def state(self, run: str, task: str) -> str | None:
        """Return the state of a task."""
        path = f"/api/v1/dags/{self._dag}/dagRuns/{run}/taskInstances/{task}"
        state: str | None = self._client.get(path).raise_for_status().json()["state"]
        return state

    def _get(
        self, run: str, task: str, try_number: int, params: Mapping[str, str | int], accept: str
    ) -> httpx.Response:
        path = f"/api/v1/dags/{self._dag}/dagRuns/{quote(run)}/taskInstances/{task}/logs/{try_number}"
        answer = self._client.get(path, params=params, headers={"Accept": accept})
        return answer.raise_for_status()


@contextlib.contextmanager
def web_server(airflow: Airflow2) -> Iterator[LogReader]:
    """Run a web server that shares nothing with `airflow` but database and store."""
    user = ["-u", "ann", "-r", "Admin", "-e", "ann@example.com", "--firstname", "Ann", "--lastname", "Other"]
    airflow.airflow("users", "create", *user, "-p", PASSWORD)
    elsewhere = str(airflow.home / "elsewhere")
    words = ["webserver", "--port", str(airflow.port), "--host", "127.0.0.1"]
    airflow.start("webserver", *words, AIRFLOW__LOGGING__BASE_LOG_FOLDER=elsewhere)
    reader = LogReader(airflow)
    retry(lambda: httpx.get(f"{reader.url}/health").raise_for_status(), httpx.HTTPError)
    yield reader


def children(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """Return the processes below a process, but for the shipper, which it starts."""
    found = psutil.Process(process.pid).children(recursive=True)
    return [child for child in found if SHIPPER not in child.cmdline()]


def shippers(airflow: Airflow2) -> list[psutil.Process]:
    """Return the processes that send an installation's logs to its store."""
    words = {SHIPPER, str(airflow.log_folder)}
    found = psutil.process_iter(["cmdline"])
    return [process for process in found if words <= set(process.info["cmdline"] or [])]


def stored(store: LogStore, path: str) -> dict[str, bytes]:
    """Return the objects of a log, by the ends of their names."""
    objects = store.list(path)
    with contextlib.suppress(FileNotFoundError):  # chunks become the whole object meanwhile
        return {found.key.removeprefix(path): store.read(found.key, 0, found.size) for found in objects}
    return stored(store, path)


def wait_for_line(airflow: Airflow2, store: LogStore, path: str, number: int) -> None:
    """Wait until a line of the task `wait` is in the store."""
    line = f"line {number} of the task".encode()
    wait_until(lambda: line in b"".join(stored(store, path).values()), airflow.describe, seconds=120)


def wait_for_whole(store: LogStore, path: str, airflow: Airflow2) -> bytes:
    """Wait until a log is one object in the store, and return its bytes."""

    def is_whole() -> bool:
        return [found.key for found in store.list(path)] == [path]

    wait_until(is_whole, lambda: f"{store.list(path)}\n{airflow.describe()}", seconds=60)
    return stored(store, path)[""]


def assert_each_line_once(text: bytes | str) -> int:
    """Assert that the task `wait` is in a log with each line from the first on; return the number of the last."""
    found = text if isinstance(text, str) else text.decode()
    numbers = [int(number) for number in re.findall(r"line (\d+) of the task", found)]
    assert numbers
    assert numbers == list(range(1, len(numbers) + 1))
    return numbers[-1]
