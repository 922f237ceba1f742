"""A project under compose.yaml, as a user has it: a Dockerfile that is FROM our image, DAGs, and an airflow.cfg."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.versions import CHECKOUT
from tests.image.docker import docker

# How soon a task without a sign of life is given up, which by default takes five minutes.
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
# A folder of marks: each process that runs a task tells there, ten times a second, that it does.
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
def one():
    mark("alone", 15)


many()
one()
"""
WEB = {"3.3": "api-server", "2.11": "webserver"}


class Compose:
    """`docker compose` for the project in `folder`."""

    def __init__(self, folder: Path, image: str, line: str) -> None:
        self.folder = folder
        self.name = folder.name.lower()
        self.environ = {**os.environ, "IMAGE": image, "WEB": WEB[line], "PORT": "0"}

    def __call__(self, *words: str, check: bool = True, seconds: float = 600) -> str:
        """Run a compose command; return what it prints on both streams."""
        done = subprocess.run(
            ["docker", "compose", "--project-name", self.name, *words],
            cwd=self.folder,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert not check or done.returncode == 0, f"{words}: {done.stdout}"
        return done.stdout

    def sql(self, statement: str) -> list[list[str]]:
        """Run a statement in the metadata database; return its rows as text."""
        psql = ["psql", "postgresql://airflow:airflow@127.0.0.1/airflow", "--csv", "--tuples-only"]
        printed = self("exec", "-T", "postgres", *psql, "--command", statement)
        return [row.split(",") for row in printed.splitlines()]

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
        """Return, by task, the first and the last sign of life of each process that ran it, in order."""
        script = f"cd {MARKS} 2>/dev/null || exit 0; for f in *; do echo $f $(sed -n '1p;$p' $f); done"
        found = defaultdict(list)
        for name, first, last in map(str.split, self("exec", "-T", "web", "bash", "-c", script).splitlines()):
            found[name.partition("-")[0]].append((float(first), float(last)))
        return {number: sorted(spans) for number, spans in found.items()}

    def containers(self, service: str) -> list[str]:
        """Return the ids of a service's containers."""
        return self("ps", "--all", "--quiet", service).split()

    def exit_codes(self, *services: str) -> set[tuple[str, str]]:
        """Return each service with each exit code that a container of it has ended with."""
        ids = {one: service for service in services for one in self.containers(service)}
        return {
            (service, docker("inspect", "--format", "{{.State.ExitCode}}", one))
            for one, service in ids.items()
        }


@contextmanager
def running(folder: Path, image: str, line: str) -> Iterator[Compose]:
    """Build the project as `orders:LINE`, start it, and take everything of it down at the end."""
    tag = f"orders:{line}"
    shutil.copy(CHECKOUT / "compose.yaml", folder)
    (folder / "Dockerfile").write_text(f"FROM {image}\n")
    (folder / "airflow.cfg").write_text(CFG)
    (folder / "dags").mkdir()
    (folder / "dags" / "marks.py").write_text(DAG)
    docker("build", "--build-arg", f"IMAGE_TAG={tag}", "--tag", tag, str(folder), seconds=600)
    compose = Compose(folder, tag, line)
    try:
        compose("up", "--detach", "--wait")
        yield compose
    finally:
        compose("down", "--volumes", "--timeout", "1", check=False)
        docker("image", "rm", "--force", tag)
