"""A user's project with compose.yaml: a Dockerfile that is FROM the image, DAGs and an airflow.cfg."""

from __future__ import annotations

import os
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from testing.docker_engine import PATIENCE, Container, docker
from testing.entrypoint_process import CHECKOUT
from testing.waiting import wait_until

# Tasks without a heartbeat fail sooner than after the default of five minutes, but not on a machine that is only busy,
# which may also take longer than Airflow's second to send a task, and its five for an answer to a task.
CFG = """\
[core]
max_active_tasks_per_dag = 32

[celery]
operation_timeout = 60

[workers]
execution_api_timeout = 60

[scheduler]
task_instance_heartbeat_timeout = 60
task_instance_heartbeat_timeout_detection_interval = 5
task_instance_heartbeat_sec = 3
scheduler_zombie_task_threshold = 60
zombie_detection_interval = 5
local_task_job_heartbeat_sec = 3
orphaned_tasks_check_interval = 10
"""
TASKS = 20
# A folder with a file for each process that runs a task, to which it writes the time ten times a second.
MARKS = "/usr/local/airflow/logs/marks"
END = "/usr/local/airflow/logs/end"  # what runs ends once this file is there
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
    while True:
        with path.open("a") as file:
            print(time.time(), file=file)
        if time.time() > until or Path("{END}").exists():
            break
        time.sleep(0.1)


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False)
def many():
    mark.partial(seconds=3600).expand(number=list(range({TASKS})))


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

    def __call__(
        self, *words: str, check: bool = True, errors: bool = True, seconds: float = PATIENCE
    ) -> str:
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

    def start(self, *words: str) -> None:
        """Start the services that `words`, options and names, select, and wait until every health check succeeds.

        `up --wait` would give up on a component that takes longer to start than its health check allows.
        """
        self("up", "--detach", *words)
        for container in map(Container, self("ps", "--quiet", errors=False).split()):
            if "Health" in container.inspect(".State"):
                container.wait_until_healthy()

    def wait_for_dag(self, dag: str) -> None:
        """Wait until a DAG has been parsed and saved."""
        saved = f"SELECT count(*) FROM dag JOIN serialized_dag USING (dag_id) WHERE dag_id = '{dag}'"
        wait_until(lambda: self.sql(saved) != [["0"]], lambda: self("logs", "dag-processor"))

    def trigger(self, dag: str) -> None:
        """Start a run of a DAG, once it is known."""
        self.wait_for_dag(dag)
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
        """Return, by task, the first and last time that each process that ran it wrote, in order.

        A file that has just been created is empty.
        """
        script = f"cd {MARKS} 2>/dev/null || exit 0; for f in *; do [ ! -s $f ] || echo $f $(sed -n '1p;$p' $f); done"
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
    docker("build", "--build-arg", f"IMAGE_TAG={tag}", "--tag", tag, str(folder))
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
        compose.start(*words)
        yield compose
    finally:
        compose("down", "--volumes", "--timeout", "1", check=False)
