"""compose.yaml with deploy/compose-task-logs.yaml on a real S3 server, and what its REST API shows of task logs.

A second worker, `small`, takes the queue `small`: it has little memory, and a log folder of a few MiB.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import httpx

from astro_runtime_plugin.task_logs.reading.page_store import AWAY_NOTE
from testing.docker_engine import PATIENCE
from testing.entrypoint_process import CHECKOUT
from testing.rest_api import APIS
from testing.s3_server import ACCESS_KEY, BUCKET, SECRET_KEY
from testing.waiting import wait_until
from tests.image.compose import Compose, running

PREFIX = "airflow"
AWAY = AWAY_NOTE.partition("{}")[0]
SLOTS = 50  # of the first worker
SMALL_MEMORY, SMALL_FOLDER = "1g", 4 << 20
LOGS = "/usr/local/airflow/logs"
FILES = "compose.yaml:deploy/compose-task-logs.yaml"
CREDENTIALS = f"[default]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n"
IDENTITY = {
    "name": "tests",
    "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
    "actions": ["Admin", "Read", "List", "Tagging", "Write"],
}
WEED = (
    "server -dir=/data -ip=s3 -ip.bind=0.0.0.0 -s3 -s3.port=8333 -s3.port.iceberg=0 -s3.port.lance=0"
    " -s3.config=/s3.json -master.telemetry=false -master.volumeSizeLimitMB=64 -volume.max=20"
)
MAKE_BUCKET = f"""
import boto3, botocore.config, botocore.exceptions, time
s3 = boto3.client("s3", config=botocore.config.Config(connect_timeout=2, retries={{"total_max_attempts": 1}}))
while True:
    try:
        s3.put_object(Bucket=s3.create_bucket(Bucket="{BUCKET}") and "{BUCKET}", Key="ready", Body=b"")
        break
    except s3.exceptions.BucketAlreadyOwnedByYou:
        s3.put_object(Bucket="{BUCKET}", Key="ready", Body=b"")
        break
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
        time.sleep(0.2)
"""
# A try whose heartbeats are missing counts as failed long before the default of five minutes. A busy machine may take
# longer than Airflow's second to send a task, and its five for an answer to a task.
CFG = """\
[core]
parallelism = 64
max_active_tasks_per_dag = 64
dags_are_paused_at_creation = False

[celery]
operation_timeout = 60

[workers]
execution_api_timeout = 60

[scheduler]
task_instance_heartbeat_timeout = 120
task_instance_heartbeat_timeout_detection_interval = 5
task_instance_heartbeat_sec = 10
scheduler_zombie_task_threshold = 120
zombie_detection_interval = 5
"""


class LogCluster:
    """The cluster, and its REST API."""

    def __init__(self, compose: Compose, line: str) -> None:
        self.compose = compose
        api = APIS[line]
        url = f"http://{compose('port', 'web', '8080').strip()}/"
        self._run = api.run
        self._is_json = line != "2.11"
        self._client = api.log_in(url, api.path, "airflow", compose.secret("login/password"))
        self._client.timeout = httpx.Timeout(300)

    def trigger(self, dag: str) -> None:
        """Start the run `run` of a DAG, as soon as it is known."""
        body = {**self._run, "dag_run_id": "run"}

        def exists() -> bool:
            answer = self._client.post(f"/dags/{dag}/dagRuns", json=body)
            return answer.is_success or answer.status_code == 409  # by a request that failed after this

        wait_until(exists, self.describe, pause=1)

    def states(self, dag: str) -> list[str]:
        """Return the states of a run's task instances."""
        path, params = f"/dags/{dag}/dagRuns/run/taskInstances", {"limit": 100}
        answer = self._client.get(path, params=params).raise_for_status().json()
        return [instance["state"] for instance in answer["task_instances"]]

    def wait_for_state(self, dag: str, state: str, count: int = 1) -> None:
        """Wait until so many task instances of a run are in a state."""
        wait_until(lambda: self.states(dag).count(state) == count, self.describe, seconds=PATIENCE, pause=1)

    def log(self, dag: str, map_index: int = -1) -> list[str]:
        """Return the lines of the first try of the DAG's only task; none if there is no log yet.

        As a user would, asks again while the page says that the store has not answered in time.
        """
        lines: list[str]
        (lines,) = wait_until(lambda: _if_whole(self._log(dag, map_index)), self.describe, pause=1)
        return lines

    def _log(self, dag: str, map_index: int) -> list[str]:
        answer = self._client.get(
            f"/dags/{dag}/dagRuns/run/taskInstances/{dag}/logs/1",
            params={"map_index": map_index, "full_content": True},
            headers={"Accept": "application/x-ndjson" if self._is_json else "text/plain"},
        )
        if answer.status_code == 404:
            return []
        lines = answer.raise_for_status().text.rstrip("\n").split("\n")
        return [str(json.loads(line)["event"]) for line in lines if line] if self._is_json else lines

    def numbers(self, dag: str, map_index: int = -1) -> list[int]:
        """Return the numbers of the lines that the task has printed, in the log's order."""
        return numbers(self.log(dag, map_index))

    def numbers_with(self, last: int, dag: str, map_index: int = -1) -> list[int]:
        """Return these numbers as soon as one is among them: a task's last lines may come after its state."""

        def found() -> list[int] | None:
            shown = self.numbers(dag, map_index)
            return shown if last in shown else None

        lines: list[int] = wait_until(found, lambda: f"{self.log(dag, map_index)}\n{self.describe()}")
        return lines

    def release(self, name: str, service: str = "worker") -> None:
        """Let the tasks of a worker that wait for a name go on."""
        self.compose("exec", "-T", service, "touch", f"/tmp/{name}")

    def objects(self) -> dict[str, int]:
        """Return the sizes of the store's objects, by path below the prefix."""
        port = self.compose("port", "s3", "8333").strip()
        client = boto3.client(
            "s3",
            endpoint_url=f"http://{port}",
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            region_name="us-east-1",
        )
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{PREFIX}/")
        items = [item for page in pages for item in page.get("Contents", ())]
        return {item["Key"].removeprefix(f"{PREFIX}/"): item["Size"] for item in items}

    def describe(self) -> str:
        """Return the end of the components' logs."""
        return self.compose("logs", "--no-color", "--tail", "100", "scheduler", "worker", "small", "web")


def _if_whole(lines: list[str]) -> tuple[list[str]] | None:
    """Return the lines of a page; None if they are without those of the store."""
    return None if AWAY in "".join(lines[-1:]) else (lines,)


def numbers(lines: list[str]) -> list[int]:
    """Return the numbers of the lines `line NUMBER ...`."""
    return [int(match[1]) for line in lines if (match := re.search(r"\bline (\d+)\b", line))]


@contextmanager
def log_cluster(folder: Path, image: str, line: str, dag: str) -> Iterator[LogCluster]:
    """Start the cluster with a project's DAGs, and remove all of it at the end."""
    with running(folder, image, line, name="task-logs", cfg=CFG, dag=dag, prepare=add_store) as compose:
        yield LogCluster(compose, line)


def add_store(compose: Compose) -> None:
    """Put the files of the store, and those of the tests, into the project."""
    folder = compose.folder
    (folder / "deploy").mkdir()
    shutil.copy(CHECKOUT / "deploy" / "compose-task-logs.yaml", folder / "deploy")
    (folder / "task-logs.credentials").write_text(CREDENTIALS)
    (folder / "s3.json").write_text(json.dumps({"identities": [IDENTITY]}))
    for name in ("task-logs.credentials", "s3.json"):
        (folder / name).chmod(0o644)
    compose.environ |= {
        "COMPOSE_FILE": FILES,
        "TASK_LOGS": f"s3://{BUCKET}/{PREFIX}",
        "AWS_ENDPOINT_URL_S3": "http://s3:8333",
    }
    services = json.loads(compose("config", "--format", "json", errors=False))["services"]
    (folder / "tests.json").write_text(json.dumps({"services": extra_services(services)}))
    compose.environ["COMPOSE_FILE"] = f"{FILES}:tests.json"


def extra_services(services: dict[str, Any]) -> dict[str, Any]:
    """Return the server, its bucket, the worker `small`, and what changes of the others."""
    image, plain = services["worker"]["image"], {"healthcheck": {"test": ["CMD", "true"]}}
    weed = Path(sys.executable).with_name("weed")
    access = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    return {
        "s3": {
            **plain,
            "image": image,
            "entrypoint": ["/weed", *WEED.split()],
            "tmpfs": ["/data"],
            "volumes": [f"{weed}:/weed:ro", "./s3.json:/s3.json:ro"],
            "ports": ["127.0.0.1::8333"],
        },
        "bucket": {
            **plain,
            "image": image,
            "entrypoint": ["python", "-c", MAKE_BUCKET],
            "environment": {
                **access,
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_ENDPOINT_URL_S3": "http://s3:8333",
            },
            "depends_on": ["s3"],
        },
        "migrate": {"depends_on": {"bucket": {"condition": "service_completed_successfully"}}},
        "worker": {
            "deploy": {"replicas": 1},
            "environment": {"AIRFLOW__CELERY__WORKER_CONCURRENCY": str(SLOTS)},
        },
        "small": small_worker(services["worker"]),
    }


def small_worker(worker: dict[str, Any]) -> dict[str, Any]:
    """Return a worker with little memory and a small log folder."""
    folder = {"type": "tmpfs", "target": LOGS, "tmpfs": {"size": SMALL_FOLDER, "mode": 0o1777}}
    volumes = [volume for volume in worker["volumes"] if volume["target"] != LOGS]
    environment = {**worker["environment"], "AIRFLOW__CELERY__WORKER_CONCURRENCY": "2"}
    words = ["celery", "worker", "--skip-serve-logs", "--queues", "small"]
    return {
        **worker,
        "command": words,
        "deploy": {"replicas": 1},
        "environment": environment,
        "volumes": [*volumes, folder],
        "mem_limit": SMALL_MEMORY,
        "memswap_limit": SMALL_MEMORY,
    }
