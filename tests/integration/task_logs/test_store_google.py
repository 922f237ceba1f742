"""The store in Google Cloud Storage against a server with its API."""

from __future__ import annotations

from pathlib import Path

import pytest

from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.stores.problems import explain
from astro_runtime_plugin.task_logs.stores.store import StoreError, open_store
from testing.cli_process import run_astro_runtime
from testing.google_server import BUCKET
from testing.task_log_writer import lines
from testing.task_logs import keys, stored
from tests.integration.task_logs.conftest import Machines, Place

KEY = "dag/attempt=1.log"


def test_missing_bucket_is_named(google_place: Place) -> None:
    settings = TaskLogSettings(url="gs://no-such-bucket/prefix")
    with pytest.raises(StoreError) as failure:
        open_store(settings).put_new(KEY, b"text")
    assert explain(failure.value, "be written", settings) == (
        "cannot be written: there is no such bucket, container or folder"
    )


def test_log_is_shipped_and_its_chunks_go(google_place: Place, machines: Machines) -> None:
    machine = machines(google_place)
    with machine.write(KEY, "lines=2000", "pause=0.001") as writer:
        writer.communicate(timeout=300)
    machine.wait_shipped()
    assert stored(google_place.store, KEY) == lines(2000)
    assert keys(google_place.store) == [KEY]


def test_check_passes(tmp_path: Path, google: dict[str, str]) -> None:
    url = f"gs://{BUCKET}/check"
    done = run_astro_runtime(tmp_path, "logs", "check", **google, AIRFLOW__ASTRO_RUNTIME__TASK_LOGS=url)
    assert (done.stdout, done.stderr) == (f"{url} can be written, listed, read and deleted from\n", "")
