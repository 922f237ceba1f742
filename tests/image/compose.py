"""A project under compose.yaml, as a user has it: a Dockerfile that is FROM our image, DAGs, and an airflow.cfg."""

from __future__ import annotations

import os
import shutil
import subprocess
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
# Each try of a task writes who it is, ten times a second, for as long as it runs.
DAG = f"""\
import time
from datetime import datetime, timedelta
from pathlib import Path

try:
    from airflow.sdk import dag, get_current_context, task
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task
    from airflow.operators.python import get_current_context


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False)
def marks():
    @task(retries=5, retry_delay=timedelta(seconds=1))
    def mark(number):
        tried = get_current_context()["ti"].try_number
        path = Path("/usr/local/airflow/logs/marks") / f"{{number}}-{{tried}}"
        path.parent.mkdir(exist_ok=True)
        until = time.time() + 40
        while time.time() < until:
            with path.open("a") as file:
                print(time.time(), file=file)
            time.sleep(0.1)

    mark.expand(number=list(range({TASKS})))


marks()
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

    def containers(self, service: str) -> list[str]:
        """Return the ids of a service's containers."""
        return self("ps", "--all", "--quiet", service).split()


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
