"""A user's project with compose.yaml: a Dockerfile that is FROM the image, DAGs and an airflow.cfg."""

from __future__ import annotations

import os
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from testing.docker_engine import docker
from testing.entrypoint_process import CHECKOUT

# Tasks without a heartbeat fail sooner than after the default of five minutes.
CFG = """\
[core]
max_active_tasks_per_dag = 32

[scheduler]
task_instance_heartbeat_timeout = 20
task_instance_heartbeat_timeout_detection_interval = 5
task_instance_heartbeat_sec = 3
scheduler_zombie_task_threshold = 20
zombie_detection_interval = 5
local_task_job_heartbeat_sec = 3
orphaned_tasks_check_interval = 10
"""
TASKS = 20
# A folder with a file for each process that runs a task, to which it writes the time ten times a second.
MARKS = "/usr/local/airflow/logs/marks"
DAG = f"""\
import time
import uuid
from datetime import datetime, timedelta
from pathlib import Path

try:
    from airflow.sdk import dag, task
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task


@task(retries=5, retry_delay=timedelta(seconds=1))
def mark(number, seconds):
    path = Path("{MARKS}") / f"{{number}}-{{uuid.uuid4()}}"
    path.parent.mkdir(exist_ok=True)
    until = time.time() + seconds
    while time.time() < until:
        with path.open("a") as file:
            print(time.time(), file=file)
        time.sleep(0.1)


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False)
def many():
    mark.partial(seconds=40).expand(number=list(range({TASKS})))


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False)
def single():
    mark("alone", 15)


many()
single()
"""
WEB = {"3.3": "api-server", "2.11": "webserver"}


class Compose:
    """`docker compose` for the project in `folder`, with the checkout's compose.yaml or one of the text `file`."""

    def __init__(self, folder: Path, image: str, line: str, file: str | None = None) -> None:
        (folder / "compose.yaml").write_text(file or (CHECKOUT / "compose.yaml").read_text())
        self.folder = folder
        self.name = folder.name.lower()
        self.environ = {**os.environ, "IMAGE": image, "WEB": WEB[line], "PORT": "0"}

    def __call__(self, *words: str, check: bool = True, errors: bool = True, seconds: float = 600) -> str:
        """Run a compose command; return its output, with that to standard error unless `errors` is false."""
        done = subprocess.run(
            ["docker", "compose", "--project-name", self.name, *words],
            cwd=self.folder,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if errors else subprocess.DEVNULL,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert not check or done.returncode == 0, f"{words}: {done.stdout}"
        return done.stdout

    def sql(self, statement: str) -> list[list[str]]:
        """Run a statement in the metadata database; return its rows as text."""
        psql = ["psql", "--username=airflow", "--csv", "--tuples-only"]  # no password within the container
        printed = self("exec", "-T", "postgres", *psql, "--command", statement)
        return [row.split(",") for row in printed.splitlines()]

    def secret(self, name: str) -> str:
        """Return a secret that the file generated, such as `login/password`."""
        return self("run", "--rm", "--no-TTY", "secrets", "cat", name, errors=False).strip()

    def trigger(self, dag: str) -> None:
        """Start a run of a DAG."""
        self(
            "exec",
            "-T",
            "scheduler",
            "bash",
            "-c",
            f"airflow dags unpause {dag} && airflow dags trigger {dag}",
        )

    def count(self, dag: str, state: str) -> int:
        """Return how many tasks of a DAG are in a state."""
        where = f"dag_id = '{dag}' AND state = '{state}'"
        return int(self.sql(f"SELECT count(*) FROM task_instance WHERE {where}")[0][0])

    def marks(self) -> dict[str, list[tuple[float, float]]]:
        """Return, by task, the first and last time that each process that ran it wrote, in order."""
        script = f"cd {MARKS} 2>/dev/null || exit 0; for f in *; do echo $f $(sed -n '1p;$p' $f); done"
        marks = defaultdict(list)
        for name, first, last in map(str.split, self("exec", "-T", "web", "bash", "-c", script).splitlines()):
            marks[name.partition("-")[0]].append((float(first), float(last)))
        return {number: sorted(spans) for number, spans in marks.items()}

    def containers(self, service: str) -> list[str]:
        """Return the ids of a service's containers."""
        return self("ps", "--all", "--quiet", service).split()

    def exit_codes(self, *services: str) -> set[tuple[str, str]]:
        """Return pairs of service and exit code of the services' containers."""
        ids = {id_: service for service in services for id_ in self.containers(service)}
        return {
            (service, docker("inspect", "--format", "{{.State.ExitCode}}", id_))
            for id_, service in ids.items()
        }


def leave(compose: Compose) -> None:
    """Change nothing of the project."""


@contextmanager
def running(
    folder: Path,
    image: str,
    line: str,
    *,
    name: str = "orders",
    cfg: str = CFG,
    dag: str = DAG,
    prepare: Callable[[Compose], None] = leave,
) -> Iterator[Compose]:
    """Build the project as `NAME:LINE`, `prepare` it, start it, and remove all of it at the end."""
    tag = f"{name}:{line}"
    (folder / "Dockerfile").write_text(f"FROM {image}\n")
    (folder / "airflow.cfg").write_text(cfg)
    (folder / "dags").mkdir()
    (folder / "dags" / "project.py").write_text(dag)
    docker("build", "--build-arg", f"IMAGE_TAG={tag}", "--tag", tag, str(folder), seconds=600)
    try:
        compose = Compose(folder, tag, line)
        prepare(compose)
        with started(compose):
            yield compose
    finally:
        docker("image", "rm", "--force", tag)


@contextmanager
def started(compose: Compose, *words: str) -> Iterator[Compose]:
    """Start the services that `words`, options and names, select, and remove all of them at the end."""
    try:
        compose("up", "--detach", "--wait", *words)
        yield compose
    finally:
        compose("down", "--volumes", "--timeout", "1", check=False)
