"""A scheduler takes part in the update check, where there is an `update_url`, and nothing else does."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from astro_runtime_plugin.notices.rules import build_notices
from astro_runtime_plugin.releases.catalogue import releases
from astro_runtime_plugin.updates.document import parse
from testing.celery_cluster import run_cluster, until
from testing.entrypoint_process import CHECKOUT, environment
from testing.installed_line import RELEASE
from testing.servers import Postgres
from testing.update_documents import AIRFLOW_3, REAL, row, text
from testing.update_server import UpdateServer

URL = "AIRFLOW__ASTRO_RUNTIME__UPDATE_URL"
THREAD, DAILY = "astro-runtime updates", "astro_runtime_plugin.updates.daily"
STORED = "SELECT value FROM astro_runtime_state WHERE kind = 'update document'"
TAG = "AIRFLOW__ASTRO_RUNTIME__IMAGE_TAG"
WHY = "Tasks ran twice"
YANKED = text(
    {
        "13.0.0": row("2.11.0", "2025-05-20", yanked=True, yankedReason=WHY),
        "14.0.0": row("2.11.3", "2026-09-17"),  # a later 13 would be maintained in its place
    },
    {"3.3-1": row("3.3.0", "2026-07-07", yanked=True, yankedReason=WHY), "3.3-8": AIRFLOW_3["3.3-8"]},
)
# A short silence after which a component counts as dead, so that a scheduler looks for notices again soon.
SOON = {
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "9",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "9",
    "AIRFLOW__DAG_PROCESSOR__HEALTH_CHECK_THRESHOLD": "9",
}


def begun(home: Path, *words: str, **more: str) -> tuple[list[dict[str, Any]], str]:
    """Return what a process with the command `words` has started, what its forked child has, and the log."""
    (home / "airflow.cfg").touch()
    keys = {
        "AIRFLOW__CORE__FERNET_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "AIRFLOW__API_AUTH__JWT_SECRET": "a secret of the tests, of no worth elsewhere",
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.integration.updates.beginner", *words],
        env=environment(home, {**keys, **more}),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return said, done.stdout + done.stderr


@pytest.mark.parametrize("url", [None, " "])
def test_without_a_url_nothing_is_started(tmp_path: Path, url: str | None) -> None:
    told = {} if url is None else {URL: url}
    (own, child), log = begun(tmp_path, "scheduler", **told)
    assert THREAD not in own["threads"] + child["threads"], log
    assert "astro_runtime_plugin.updates.service" in own["modules"]
    assert DAILY not in own["modules"]
    assert "update_url" not in log


@pytest.mark.parametrize(
    "url",
    [
        "ftp://operator:secret@example.com/x",
        "http://",
        "https:///document.json",
        "file://elsewhere/document.json",
        "document.json",
        "http://operator:secret@exa mple.com",
        "http://[secret",
        "http://example.com:port",
    ],
)
def test_a_url_that_cannot_work_is_said_once(url: str) -> None:
    from astro_runtime_plugin.updates import address

    assert address.url_problem(url) == "must be http://HOST/PATH, https://HOST/PATH or file:///PATH"


def test_with_a_url_that_cannot_work_nothing_is_started(tmp_path: Path) -> None:
    (own, child), log = begun(tmp_path, "scheduler", **{URL: "ftp://operator:secret@example.com/x"})
    assert THREAD not in own["threads"] + child["threads"]
    assert log.count("[astro_runtime] update_url must be http://HOST/PATH") == 1
    assert "secret" not in log


@pytest.mark.parametrize(("component", "threads"), [("scheduler", 1), ("triggerer", 0)])
def test_one_thread_of_a_scheduler_and_none_of_its_tasks(
    tmp_path: Path, server: UpdateServer, component: str, threads: int
) -> None:
    (own, child), log = begun(tmp_path, component, **{URL: server.url("/document")})
    assert own["threads"].count(THREAD) == threads, log
    assert (DAILY in own["modules"]) is bool(threads)
    assert THREAD not in child["threads"]


def test_the_document_arrives(tmp_path: Path, metadata: Postgres, server: UpdateServer) -> None:
    database = metadata.create("arrives", "migrated")
    told = {URL: server.url("/document", "operator:secret@"), "AIRFLOW__CORE__EXECUTOR": "LocalExecutor"}
    with run_cluster(tmp_path, database, "redis://127.0.0.1:1/0", **told) as made:
        scheduler = made.run("scheduler", "scheduler")
        until(lambda: "lists 6 releases" in scheduler.log, scheduler)
        ((stored,),) = metadata.sql("arrives", STORED)
        assert json.loads(stored)["text"] == REAL
        assert len(server.asked) == 1
        assert "secret" not in scheduler.log
        assert "Traceback" not in scheduler.log


def test_a_notice_stands_in_the_log_once_from_the_start_on(
    tmp_path: Path, metadata: Postgres, server: UpdateServer
) -> None:
    database = metadata.create("noticed", "migrated")
    server.document = YANKED.encode()
    yanked, *_, update = [
        notice.text for notice in build_notices(RELEASE, releases(), parse(YANKED), (), date.today(), 30)
    ]
    assert f"{RELEASE}, which runs here, was yanked: {WHY}." in yanked
    told = {URL: server.url("/document"), "AIRFLOW__CORE__EXECUTOR": "LocalExecutor", **SOON}
    with run_cluster(tmp_path, database, "redis://127.0.0.1:1/0", **told) as made:
        first = made.run("first", "scheduler", "--skip-serve-logs", **{TAG: "orders:1"})
        until(lambda: "lists 4 releases" in first.log, first)
        second = made.run("second", "scheduler", "--skip-serve-logs", **{TAG: "orders:2"})
        until(lambda: "Image tags differ" in second.log, first, second)
        # What is said at the start comes in the order of how grave it is, and before what a later look finds.
        said = [second.log.index(text) for text in (yanked, update, "Image tags differ")]
        assert said == sorted(said)
        assert second.log.count(yanked) == second.log.count(WHY) == 1
        assert "Traceback" not in second.log
