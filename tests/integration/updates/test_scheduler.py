"""A scheduler takes part in the update check if there is an `update_url`; no other component does."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from astro_runtime_plugin.releases.catalogue import releases
from astro_runtime_plugin.updates.document import parse
from testing.celery_cluster import run_cluster, wait_while_running
from testing.entrypoint_process import CHECKOUT, environment
from testing.fixed_secrets import FERNET_KEY, SECRET_KEY
from testing.installed_line import RELEASE
from testing.notices import build_notices
from testing.servers import Postgres
from testing.update_documents import AIRFLOW_3, REAL, document_text, release_row
from testing.update_server import UpdateServer

URL = "AIRFLOW__ASTRO_RUNTIME__UPDATE_URL"
TAG = "AIRFLOW__ASTRO_RUNTIME__IMAGE_TAG"
THREAD, DAILY = "astro-runtime updates", "astro_runtime_plugin.updates.daily"
STORED = "SELECT value FROM astro_runtime_state WHERE kind = 'update document'"
COMPONENTS = "SELECT name FROM astro_runtime_state WHERE kind = 'component'"
# One like the first scheduler, with another image tag.
ADD_COMPONENT = """
    INSERT INTO astro_runtime_state
    SELECT kind, 'another', replace(value, 'orders:1', 'orders:3'), updated_at FROM astro_runtime_state
    WHERE kind = 'component'
"""
NO_BROKER = "redis://127.0.0.1:1/0"
LOCAL = {"AIRFLOW__CORE__EXECUTOR": "LocalExecutor"}
REASON = "Tasks ran twice"
YANKED = document_text(
    {
        "13.0.0": release_row("2.11.0", "2025-05-20", yanked=True, yankedReason=REASON),
        "14.0.0": release_row("2.11.3", "2026-09-17"),  # a later 13 would supersede 13.0.0
    },
    {
        "3.3-1": release_row("3.3.0", "2026-07-07", yanked=True, yankedReason=REASON),
        "3.3-8": AIRFLOW_3["3.3-8"],
    },
)
# Components count as dead after a short silence, so that a scheduler soon builds the notices a second time. It does so
# once an hour from then on: what it finds must not count as dead, however late it comes.
THRESHOLD = "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD"
SHORT_THRESHOLDS = {
    THRESHOLD: "9",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "9",
    "AIRFLOW__DAG_PROCESSOR__HEALTH_CHECK_THRESHOLD": "9",
}


def run_job_process(home: Path, *words: str, **environ: str) -> tuple[list[dict[str, Any]], str]:
    """Run an Airflow command's jobs; return the reports of the process and of its forked child, and the log."""
    (home / "airflow.cfg").touch()
    keys = {
        "AIRFLOW__CORE__FERNET_KEY": FERNET_KEY,
        "AIRFLOW__API_AUTH__JWT_SECRET": SECRET_KEY,
    }
    done = subprocess.run(
        [sys.executable, "-m", "testing.job_process", *words],
        env=environment(home, {**keys, **environ}),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    reports = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return reports, done.stdout + done.stderr


@pytest.mark.parametrize("url", [None, " "])
def test_scheduler_without_a_url_starts_nothing(tmp_path: Path, url: str | None) -> None:
    environ = {} if url is None else {URL: url}
    (scheduler, task), log = run_job_process(tmp_path, "scheduler", **environ)
    assert THREAD not in scheduler["threads"] + task["threads"], log
    assert "astro_runtime_plugin.updates.service" in scheduler["modules"]
    assert DAILY not in scheduler["modules"]
    assert "update_url" not in log


def test_scheduler_with_an_invalid_url_starts_nothing_and_logs_it_once(tmp_path: Path) -> None:
    environ = {URL: "ftp://operator:secret@example.com/x"}
    (scheduler, task), log = run_job_process(tmp_path, "scheduler", **environ)
    assert THREAD not in scheduler["threads"] + task["threads"]
    assert log.count("[astro_runtime] update_url must be http://HOST/PATH") == 1
    assert "secret" not in log


@pytest.mark.parametrize(("component", "threads"), [("scheduler", 1), ("triggerer", 0)])
def test_only_a_scheduler_has_the_thread_and_its_tasks_do_not(
    tmp_path: Path, server: UpdateServer, component: str, threads: int
) -> None:
    environ = {URL: server.url("/document")}
    (process, task), log = run_job_process(tmp_path, component, **environ)
    assert process["threads"].count(THREAD) == threads, log
    assert (DAILY in process["modules"]) is bool(threads)
    assert THREAD not in task["threads"]
    assert log.count("update_url is not https") == threads


def test_scheduler_stores_the_document(tmp_path: Path, metadata: Postgres, server: UpdateServer) -> None:
    database = metadata.create("arrives", "migrated")
    environ = {URL: server.url("/document", "operator:secret@"), **LOCAL}
    with run_cluster(tmp_path, database, NO_BROKER, **environ) as installation:
        # Without the log server, whose port another Airflow of these tests may have.
        scheduler = installation.run("scheduler", "scheduler", "--skip-serve-logs")
        wait_while_running(lambda: "lists 6 releases" in scheduler.log, scheduler)
        ((stored,),) = metadata.sql("arrives", STORED)
        assert json.loads(stored)["text"] == REAL
        assert len(server.requests) == 1
        assert "secret" not in scheduler.log
        assert "Traceback" not in scheduler.log


def test_scheduler_logs_each_notice_once(tmp_path: Path, metadata: Postgres, server: UpdateServer) -> None:
    database = metadata.create("noticed", "migrated")
    server.document = YANKED.encode()
    notices = build_notices(RELEASE, releases(), parse(YANKED), (), date.today(), 30)
    yanked, *_, update = [notice.text for notice in notices]
    assert f"The running release {RELEASE} was yanked: {REASON}." in yanked
    environ = {URL: server.url("/document"), **LOCAL}
    with run_cluster(tmp_path, database, NO_BROKER, **environ) as installation:
        first = installation.run(
            "first", "scheduler", "--skip-serve-logs", **{TAG: "orders:1", THRESHOLD: "900"}
        )
        wait_while_running(lambda: "lists 4 releases" in first.log, first)
        wait_while_running(lambda: bool(metadata.sql("noticed", COMPONENTS)), first)
        metadata.sql("noticed", ADD_COMPONENT)
        command = ("scheduler", "--skip-serve-logs")
        second = installation.run("second", *command, **{TAG: "orders:2", **SHORT_THRESHOLDS})
        wait_while_running(lambda: "Image tags differ" in second.log, first, second)
        # The notices at the start are in the order of their severity; later ones follow.
        positions = [second.log.index(text) for text in (yanked, update, "Image tags differ")]
        assert positions == sorted(positions)
        assert second.log.count(yanked) == second.log.count(REASON) == 1
        assert "Traceback" not in second.log
