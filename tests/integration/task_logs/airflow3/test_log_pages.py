"""What Airflow 3's log page shows in Chromium of tasks whose logs are in a store; and what its triggerer prints."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from astro_runtime_plugin.task_logs.airflow3 import page as page_module
from astro_runtime_plugin.task_logs.layout import chunk_key
from testing.browser import patient_page
from testing.printed_lines import assert_printed_once, printed_lines, record_starts
from testing.proof import FIXED, Proof, copy_migrated_database, templates_folder
from testing.small_airflow import SmallAirflow, small_airflow
from testing.waiting import wait_until
from tests.integration.task_logs.airflow3.test_running_task import kill_shippers, kill_with_supervisor

DAG = """
import os, time
from datetime import timedelta
from pathlib import Path
from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
from airflow.sdk import DAG, BaseOperator, task

folder = Path(os.environ["FOLDER"])

class Waiter(BaseOperator):
    def execute(self, context):
        self.defer(trigger=TimeDeltaTrigger(timedelta(seconds=1)), method_name="resume")

    def resume(self, context, event=None):
        print("resumed")

with DAG("dag", schedule="@once"):
    @task
    def grow():
        number = 0
        while not (folder / "grow.go").exists():
            number += 1
            print(f"line {number} of the task")
            time.sleep(0.25)

    @task
    def killed():
        print("the task's own last line")
        (folder / "killed.reached").write_text(str(os.getpid()))
        time.sleep(3600)

    grow()
    killed()
    Waiter(task_id="waiter")
"""
PAGE_TIMEOUT = 120_000  # ms: how long a busy machine may take


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="module")
def airflow(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallAirflow]:
    """Run an Airflow whose API server and triggerer have log folders of their own."""
    home = folder / "home"
    copy_migrated_database(templates_folder(tmp_path_factory), home)
    (folder / "objects").mkdir()
    (folder / "store").symlink_to("objects")
    variables = {
        "FOLDER": str(folder),
        "AIRFLOW__ASTRO_RUNTIME__TASK_LOGS": f"file://{folder}/store",
        "AIRFLOW__ASTRO_RUNTIME__TASK_LOGS_TO_STDOUT": "True",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",  # a busy machine answers late
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
    }
    server, triggerer = (
        {"AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(folder / f"logs-of-{name}")}
        for name in ("server", "triggerer")
    )
    with small_airflow(Proof(FIXED, home), DAG, server=server, triggerer=triggerer, **variables) as running:
        yield running
        (folder / "grow.go").touch()
    for logs in (home / "logs", folder / "logs-of-triggerer"):
        kill_shippers(logs)


@pytest.fixture
def page(airflow: SmallAirflow) -> Iterator[Page]:
    with patient_page(PAGE_TIMEOUT) as page:
        yield page


def open_log(page: Page, airflow: SmallAirflow, task: str) -> None:
    (run,) = airflow.query("SELECT run_id FROM dag_run")
    page.goto(f"{airflow.url}dags/dag/runs/{run}/tasks/{task}")


def test_page_of_a_running_task_grows(airflow: SmallAirflow, page: Page, folder: Path) -> None:
    wait_until(lambda: [*folder.glob("store/**/task_id=grow/*.log.*")], airflow.describe)
    open_log(page, airflow, "grow")
    line = page.get_by_text(re.compile(r"line \d+ of the task")).last
    first = number(line.inner_text())
    page.evaluate("window.sameDocument = true")
    # The page has few lines at a time: a slow one may go from a line before to one far behind.
    wait_until(lambda: number(line.inner_text()) >= first + 40, airflow.describe)
    expect(line).to_be_visible()
    assert page.evaluate("window.sameDocument")


def test_page_of_a_killed_task_has_its_last_words(airflow: SmallAirflow, page: Page, folder: Path) -> None:
    reached = folder / "killed.reached"
    pid = int(wait_until(lambda: reached.exists() and reached.read_text(), airflow.describe))
    wait_until(lambda: [*folder.glob("store/**/task_id=killed/*")], airflow.describe)
    kill_with_supervisor(pid)
    whole = "store/**/task_id=killed/attempt=1.log"
    wait_until(
        lambda: [log for log in folder.glob(whole) if b"SIGKILL" in log.read_bytes()], airflow.describe
    )
    shutil.rmtree(next((folder / "home" / "logs").rglob("task_id=killed")))
    open_log(page, airflow, "killed")
    expect(page.get_by_text("the task's own last line")).to_be_visible()
    expect(page.get_by_text("The supervisor of the task was killed by signal 9 (SIGKILL)")).to_be_visible()


def test_page_says_what_is_missing(airflow: SmallAirflow, page: Page, folder: Path) -> None:
    waiter = "SELECT state FROM task_instance WHERE task_id = 'waiter' AND state = 'success'"
    wait_until(lambda: airflow.query(waiter), airflow.describe, failed=airflow.has_failed)
    whole = (
        "store/**/task_id=waiter/attempt=1.log"  # which is there without its end when the task is deferred
    )
    log = wait_until(
        lambda: [log for log in folder.glob(whole) if b"resumed" in log.read_bytes()], airflow.describe
    )[0]
    event = {"timestamp": "2026-01-02T03:04:05Z", "level": "info", "event": "behind the gap"}
    chunk = log.with_name(chunk_key(log.name, log.stat().st_size + 1000))
    chunk.write_text((json.dumps(event) + "\n") * (page_module.TAIL_BYTES // 50))
    open_log(page, airflow, "waiter")
    expect(page.get_by_text("behind the gap").first).to_be_visible()
    notice = page.get_by_text("MiB of attempt=1.log are left out here")

    def is_shown_at_the_top() -> bool:
        page.keyboard.press("Control+ArrowUp")  # the page may scroll to its end once more
        return bool(notice.is_visible())

    wait_until(is_shown_at_the_top, airflow.describe)
    chunk.write_text(json.dumps(event) + "\n")
    page.reload()
    expect(page.get_by_text("1000 bytes of this log are missing here")).to_be_visible()
    expect(page.get_by_text("behind the gap")).to_be_visible()


def test_page_says_that_the_store_is_away(airflow: SmallAirflow, page: Page, folder: Path) -> None:
    wait_until(lambda: [*folder.glob("store/**/task_id=grow/*.log.*")], airflow.describe)
    (folder / "no-folder").touch()
    point_store_to(folder, "no-folder")
    try:
        open_log(page, airflow, "grow")
        expect(page.get_by_text("The store of task logs cannot be read")).to_be_visible()
        expect(page.get_by_text(re.compile(r"line \d+ of the task")).last).to_be_visible()
    finally:
        point_store_to(folder, "objects")


def point_store_to(folder: Path, name: str) -> None:
    """Have the store be something else, in one step: else a shipper may create a folder meanwhile."""
    (folder / "link").symlink_to(name)
    (folder / "link").rename(folder / "store")


def test_triggerer_prints_its_lines_of_a_tasks_log(airflow: SmallAirflow, folder: Path) -> None:
    output = airflow.home / "triggerer.out"
    waiter = "SELECT state FROM task_instance WHERE task_id = 'waiter' AND state = 'success'"
    wait_until(lambda: airflow.query(waiter), airflow.describe, failed=airflow.has_failed)
    (log,) = (folder / "logs-of-triggerer").rglob("*.trigger.*.log")
    wait_until(lambda: len(printed_lines(output.read_text())) >= len(record_starts(log)), output.read_text)
    lines = printed_lines(output.read_text())
    assert_printed_once(lines, log)
    (run,) = airflow.query("SELECT run_id FROM dag_run")
    assert {(line["dag_id"], line["run_id"], line["task_id"], line["try_number"]) for line in lines} == {
        ("dag", run, "waiter", 1)
    }
    assert {line["log"] for line in lines} == {str(log.relative_to(folder / "logs-of-triggerer"))}


def number(text: str) -> int:
    match = re.search(r"line (\d+) of the task", text)
    assert match
    return int(match[1])
