"""How long a pod of KubernetesExecutor takes from its container's start to the first line of its task.

The container runs what the executor would let a pod run; nothing else of Kubernetes counts. Each task runs once.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.component_start import DATABASE, PUBLISH, WEB_SERVERS, Installation, watch_health
from testing.docker_engine import docker, run_container
from testing.postgres_container import URL
from testing.waiting import wait_until

DAGS = "/usr/local/airflow/dags"
DAG = f"""
import time
from datetime import datetime
from pathlib import Path
try:
    from airflow.sdk import dag, task
except ImportError:
    from airflow.decorators import dag, task

def mark(name):
    Path("{DAGS}", name).write_text(str(time.time()))

@dag(schedule=None, start_date=datetime(2020, 1, 1))
def pods():
    for number in range(TASKS):
        task(mark, task_id=f"task{{number}}")(f"task{{number}}")

pods()
"""
CREATE_RUN = "airflow db migrate && airflow dags reserialize && airflow dags trigger pods --run-id run"
QUEUE = "UPDATE task_instance SET state = 'queued'; UPDATE dag_run SET state = 'running'"
PRINT_WORKLOADS = """
import json
from airflow.executors.base_executor import BaseExecutor
from airflow.executors.workloads import ExecuteTask
from airflow.models import TaskInstance
from airflow.utils.session import create_session

generator = BaseExecutor().jwt_generator
with create_session() as session:
    workloads = {task.task_id: ExecuteTask.make(task, generator=generator) for task in session.query(TaskInstance)}
    print(json.dumps({name: workload.model_dump_json() for name, workload in workloads.items()}))
"""
SETTINGS = {
    "AIRFLOW__API_AUTH__JWT_SECRET": "a-secret-of-the-benchmark-with-64-bytes-for-hmac-with-sha512-----",
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": "http://web:8080/execution/",
    "AIRFLOW__EXECUTION_API__JWT_EXPIRATION_TIME": "86400",
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
}


POD_3 = ("python", "-m", "airflow.sdk.execution_time.execute_workload", "--json-string")
POD_2 = ("airflow", "tasks", "run", "pods")


class Pods:
    """The tasks of a run, each of which one container runs.

    `options` are those of every container, `folder` is where a task writes the time of its first line.
    """

    def __init__(self, line: str, stock: str, options: tuple[str, ...], folder: Path, tasks: int) -> None:
        self._line, self._stock, self._options, self._folder = line, stock, options, folder
        self._names = [f"task{number}" for number in range(tasks)]
        self._workloads: dict[str, str] = {}

    def create(self, postgres: str) -> None:
        """Create the run, with all tasks queued; `postgres` is the container with the database."""
        (self._folder / "pods.py").write_text(f"TASKS = {len(self._names)}\n{DAG}")
        self._run("bash", "-c", CREATE_RUN)
        docker("exec", postgres, "psql", URL, "--command", QUEUE)
        if self._line == "3.3":
            self._workloads = json.loads(self._run("python", "-c", PRINT_WORKLOADS).splitlines()[-1])

    def measure(self, installation: Installation) -> float:
        """Return the seconds from `docker run` to the first line of the next task."""
        name = self._names.pop()
        mark = self._folder / name
        started = time.time()
        with run_container(installation.image, *self._command(name), options=self._options) as container:
            wait_until(lambda: mark.exists() and mark.read_text(), container.log)
        return float(mark.read_text()) - started

    def _command(self, name: str) -> tuple[str, ...]:
        if self._line == "3.3":
            return (*POD_3, self._workloads[name])
        return (*POD_2, name, "run", "--local", "--subdir", f"{DAGS}/pods.py")

    def _run(self, *words: str) -> str:
        return docker("run", "--rm", *self._options, self._stock, *words)


@contextmanager
def create_pods(line: str, stock: str, net: str, postgres: str, tasks: int) -> Iterator[Pods]:
    """Create a run in the database of a network, for whose tasks an API server runs until the end of the block."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        variables = [f"--env={key}={value}" for key, value in SETTINGS.items()]
        options = (
            "--no-healthcheck",
            f"--network={net}",
            f"--env={DATABASE}",
            f"--volume={folder}:{DAGS}",
            *variables,
        )
        pods = Pods(line, stock, options, folder, tasks)
        pods.create(postgres)
        with run_container(
            stock,
            "airflow",
            WEB_SERVERS[line],
            options=[*options, "--network-alias=web", PUBLISH],
        ) as web:
            wait_until(watch_health("metadatabase", line, web), web.log)
            yield pods
