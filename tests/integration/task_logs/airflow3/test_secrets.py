"""Secrets of a task are masked wherever its log is: in the store, on the disk, and on stdout."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from testing.printed_lines import printed_lines, record_starts
from testing.s3_server import S3Server
from testing.supervised_task import LOG
from testing.task_logs import keys, stored, until_stored
from testing.waiting import wait_until
from tests.integration.task_logs.airflow3.conftest import RunDag
from tests.integration.task_logs.conftest import Place

PASSWORD, EXTRA, SENSITIVE, MASKED = SECRETS = (
    "password-of-a-connection",
    "token-in-an-extra",
    "value-of-a-sensitive-variable",
    "value-that-the-task-masks",
)
ANSWERS = {
    "orders": (
        200,
        {
            "conn_id": "orders",
            "conn_type": "http",
            "host": None,
            "port": None,
            "schema": None,
            "login": "clerk",
            "password": PASSWORD,
            "extra": json.dumps({"api_key": EXTRA}),
        },
    ),
    "orders_password": (200, {"key": "orders_password", "value": SENSITIVE}),
    "plain": (200, {"key": "plain", "value": MASKED}),
}
DAG = """
import logging, os, subprocess, sys, time
from pathlib import Path
from airflow.sdk import DAG, Connection, Variable, task
from airflow.sdk.log import mask_secret

def show(way, secret):
    print(f"{way} {secret} by print")
    print(f"{way} {secret} by print to stderr", file=sys.stderr)
    logging.getLogger("mine").warning("%s %s by a logger", way, secret)
    logging.getLogger("mine").warning(f"{way}{secret}" * 100)
    subprocess.run(["echo", way, secret, "by another process"], check=True)

with DAG("dag"):
    @task(task_id="task")
    def work():
        connection = Connection.get("orders")
        show("connection", connection.password)
        show("extra", connection.extra_dejson["api_key"])
        show("variable", Variable.get("orders_password"))
        value = Variable.get("plain")
        mask_secret(value)
        show("masked", value)
        print("all shown")
        Path(os.environ["FOLDER"], "reached").touch()
        while not Path(os.environ["FOLDER"], "go").exists():
            time.sleep(0.05)
        raise ValueError(f"failed with {connection.password} and {value}")
    work()
"""
WAYS = ("connection", "extra", "variable", "masked")
HOW = ("by print", "by print to stderr", "by a logger", "by another process")


def raw_texts(place: Place, home: Path) -> Iterator[tuple[str, bytes]]:
    """Yield what is in the store and on the machine's disk, the processes' output included, with its name."""
    for stored_object in place.store.list(""):
        yield stored_object.key, place.store.read(stored_object.key, 0, stored_object.size)
    for path in home.rglob("*"):
        with suppress(FileNotFoundError):  # the shipper replaces its files
            if path.is_file():
                yield str(path), path.read_bytes()


def leaks(place: Place, home: Path) -> list[tuple[str, str]]:
    """Return which secret is where."""
    return [
        (name, secret)
        for name, data in raw_texts(place, home)
        for secret in SECRETS
        if secret.encode() in data
    ]


def test_secrets_are_masked_in_the_store_on_the_disk_and_on_stdout(
    s3: S3Server, s3_place: Place, run_dag: RunDag, tmp_path: Path
) -> None:
    variables = {"AIRFLOW__ASTRO_RUNTIME__TASK_LOGS_TO_STDOUT": "True"}
    with run_dag(s3_place, DAG, variables=variables, answers=ANSWERS) as task:
        task.wait_for_file("reached")
        until_stored(s3_place.store, LOG, lambda log: b"all shown" in log)
        assert LOG not in keys(s3_place.store)
        assert leaks(s3_place, tmp_path) == []
        (task.folder / "go").touch()
        task.wait()
        assert task.api.states == ["failed"]
        assert keys(s3_place.store) == [LOG]
        wait_until(lambda: len(printed_lines(task.describe())) >= len(record_starts(task.log)), task.describe)
        assert leaks(s3_place, tmp_path) == []
        messages = [line["message"] for line in printed_lines(task.describe())]
        (exception,) = [line["exception"] for line in printed_lines(task.describe()) if line["exception"]]
    shown = [f"{way} *** {how}" for way in WAYS for how in HOW]
    assert sorted(text for text in messages if text in shown) == sorted(shown)
    assert sorted(text for text in task.lines() if text in shown) == sorted(shown)
    assert "failed with *** and ***" in exception
    assert b"failed with *** and ***" in stored(s3_place.store, LOG)
