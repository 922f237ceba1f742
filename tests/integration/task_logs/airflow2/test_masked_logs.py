"""Secrets of a task are masked wherever its lines go: chunks and whole object in the store, local file and stdout."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from astro_runtime_plugin.task_logs.stores.file_systems import FolderStore
from testing.airflow2_installation import Airflow2
from testing.airflow2_logs import stored, wait_for_line, wait_for_whole
from testing.printed_lines import assert_printed_once, printed_lines
from testing.servers import Postgres

RUN = "run"
SECRETS = {
    "password": "pass-of-connection-1",
    "extra": "extra-of-connection-2",
    "variable": "variable-of-tests-3",
    "masked": "masked-by-the-task-4",
}
CONNECTION = (
    """--conn-type http --conn-host host --conn-password {password} --conn-extra '{{"api_key": "{extra}"}}'"""
)
DAG = """
import logging, os, sys, time
from datetime import datetime
from pathlib import Path
from airflow import DAG
from airflow.decorators import task
from airflow.hooks.base import BaseHook
from airflow.models import Variable
from airflow.utils.log.secrets_masker import mask_secret

HOME = Path(os.environ["AIRFLOW_HOME"])
log = logging.getLogger("a.library")

def tell(secret):
    log.info("as an argument %s", secret)
    log.info("joined " + secret)
    log.warning("in a mapping %s", {"key": [secret]})
    print("printed", secret)
    print("to stderr", secret, file=sys.stderr)
    if os.fork() == 0:
        log.info("forked %s", secret)
        logging.shutdown()
        os._exit(0)
    os.wait()

with DAG("masked", schedule=None, start_date=datetime(2026, 1, 1)):
    @task
    def wait(**context):
        connection = BaseHook.get_connection("of_tests")
        masked = (HOME / "masked").read_text()
        mask_secret(masked)
        secrets = connection.password, connection.extra_dejson["api_key"], Variable.get("api_password"), masked
        for secret in secrets:
            tell(secret)
        log.info("line 1 of the task")
        while not (HOME / "go").exists():
            time.sleep(0.05)
        try:
            raise KeyError(secrets[0])
        except KeyError as error:
            raise ValueError(f"failed with {', '.join(secrets)}") from error
    wait()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory, folder: Path, metadata: Postgres) -> Iterator[Airflow2]:
    database = metadata.create("masked_logs", "migrated")
    to_stdout = {"AIRFLOW__ASTRO_RUNTIME__TASK_LOGS_TO_STDOUT": "True"}
    airflow = Airflow2(tmp_path_factory.mktemp("home"), database, f"file://{folder}", "masked", **to_stdout)
    (airflow.home / "dags" / "logs.py").write_text(DAG)
    (airflow.home / "masked").write_text(SECRETS["masked"])
    airflow.airflow(
        f"connections add of_tests {CONNECTION.format(**SECRETS)}",
        f"variables set api_password {SECRETS['variable']}",
    )
    airflow.create_run(RUN)
    yield airflow
    airflow.close()


def assert_masked(data: bytes, times: int) -> None:
    """Assert that no secret is in some bytes, and that so many were masked."""
    assert [name for name, secret in SECRETS.items() if secret.encode() in data] == []
    assert data.count(b"***") >= times


def test_secrets_are_masked_wherever_the_lines_go(airflow: Airflow2, folder: Path) -> None:
    store, path = FolderStore(str(folder)), airflow.path(RUN, "wait")
    process = airflow.run_task(RUN, "wait")
    wait_for_line(airflow, store, path, 1)
    chunks = stored(store, path)
    assert all(re.fullmatch(r"\.[0-9]{12}", name) for name in chunks)
    ways = 6 * len(SECRETS)  # of `tell`
    assert_masked(b"".join(chunks.values()), ways)
    (airflow.home / "go").touch()
    process.wait(300)
    whole = wait_for_whole(store, path, airflow)
    assert b"ValueError: failed with ***, ***, ***, ***" in whole
    output = (airflow.home / f"wait-{RUN}.out").read_bytes()
    for data in (whole, airflow.local(path), output):
        assert_masked(data, ways + len(SECRETS))
    lines = printed_lines(output.decode())
    assert_printed_once(lines, airflow.log_folder / path)
    assert any("ValueError: failed with ***, ***, ***, ***" in str(line["exception"]) for line in lines)
    for file in (*folder.rglob("*"), *airflow.log_folder.rglob("*")):  # the spool's, too
        with suppress(FileNotFoundError):  # the shipper replaces its files
            assert_masked(file.read_bytes() if file.is_file() else b"", 0)
