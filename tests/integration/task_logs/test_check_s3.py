"""`astro-runtime logs check` with a real S3 server: what is wrong is named, and no secret."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from astro_runtime_plugin.task_logs.retention.old_logs import delete_old, log_pattern
from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.stores.store import open_store
from testing.cli_process import run_astro_runtime
from testing.s3_server import (
    ACCESS_KEY,
    BUCKET,
    READ_ONLY_KEY,
    READ_ONLY_SECRET,
    SECRET_KEY,
    S3Server,
    s3_server,
)
from testing.servers import free_port

TEMPLATE = (
    "dag_id={{ ti.dag_id }}/run_id={{ ti.run_id }}/task_id={{ ti.task_id }}/attempt={{ try_number }}.log"
)
URL = f"s3://{BUCKET}/airflow"


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


def check(home: Path, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return run_astro_runtime(home, "logs", "check", **{"AIRFLOW__ASTRO_RUNTIME__TASK_LOGS": URL, **environ})


def connection(server: S3Server, secret_key: str = SECRET_KEY) -> dict[str, str]:
    """Return the variables of an Airflow connection to the server."""
    fields = {
        "conn_type": "aws",
        "login": ACCESS_KEY,
        "password": secret_key,
        "extra": {"endpoint_url": server.url, "region_name": "us-east-1"},
    }
    return {
        "AIRFLOW_CONN_SEAWEED": json.dumps(fields),
        "AIRFLOW__ASTRO_RUNTIME__TASK_LOGS_CONN_ID": "seaweed",
    }


def test_server_passes_and_nothing_stays_there(tmp_path: Path, server: S3Server) -> None:
    done = check(tmp_path, server.environ())
    assert (done.stdout, done.stderr) == (f"{URL} can be written, listed, read and deleted from\n", "")
    assert "Contents" not in server.client().list_objects_v2(Bucket=BUCKET)


def test_server_passes_with_a_connection(tmp_path: Path, server: S3Server) -> None:
    done = check(tmp_path, connection(server))
    assert (done.stdout, done.stderr) == (f"{URL} can be written, listed, read and deleted from\n", "")


def test_wrong_credentials_of_a_connection_are_named_so(tmp_path: Path, server: S3Server) -> None:
    done = check(tmp_path, connection(server, "not-the-secret"))
    assert done.returncode == 78
    assert done.stderr == f"astro-runtime: {URL} cannot be written: its credentials are missing or wrong\n"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "not-the-secret"}, "its credentials are missing or wrong"),
        ({"AWS_ACCESS_KEY_ID": "nobody"}, "its credentials are missing or wrong"),
        (
            {"AWS_ACCESS_KEY_ID": READ_ONLY_KEY, "AWS_SECRET_ACCESS_KEY": READ_ONLY_SECRET},
            "its credentials do not allow it",
        ),
        ({"AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}"}, "it cannot be reached"),
    ],
)
def test_what_is_wrong_is_named(
    tmp_path: Path, server: S3Server, changes: dict[str, str], problem: str
) -> None:
    done = check(tmp_path, {**server.environ(), **changes})
    assert (done.stdout, done.returncode) == ("", 78)
    assert done.stderr == f"astro-runtime: {URL} cannot be written: {problem}\n"


def test_retention_goes_through_all_pages_of_a_bucket(
    server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in server.environ().items():
        monkeypatch.setenv(name, text)
    store = open_store(TaskLogSettings(url=f"s3://{BUCKET}/many"))
    keys = [f"dag_id=d/run_id={number:04}/task_id=t/attempt=1.log" for number in range(1100)]
    for key in keys:
        store.put_new(key, b"line")
    store.put_new("dag_id=d/keep.csv", b"1")
    assert [stored.key for stored in store.walk()] == sorted(["dag_id=d/keep.csv", *keys])
    pattern = log_pattern([TEMPLATE])
    assert [*delete_old(store, pattern, before=0.0)] == []
    assert sum(step.objects for step in delete_old(store, pattern, before=2**40)) == len(keys)
    assert [stored.key for stored in store.walk()] == ["dag_id=d/keep.csv"]
