"""What the grid of Airflow 2 shows in Chromium of tasks whose logs are in a store."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest
from playwright.sync_api import Page, expect

from astro_runtime_plugin.task_logs.airflow2 import reading
from astro_runtime_plugin.task_logs.layout import chunk_key
from astro_runtime_plugin.task_logs.stores.file_systems import FolderStore
from testing.airflow2_installation import Airflow2
from testing.airflow2_log_reader import PASSWORD, LogReader, web_server
from testing.airflow2_logs import assert_each_line_once, wait_for_line, wait_for_whole
from testing.browser import patient_page
from testing.servers import Postgres
from testing.waiting import wait_until

PAGE_TIMEOUT = 120_000  # ms: how long a busy machine may take
YELLOW = "rgb(187, 187, 0)"
GROWING, KILLED = "growing", "killed"
AGE_HEARTBEAT = f"""
UPDATE job SET latest_heartbeat = '2026-01-01'
WHERE state = 'running' AND id IN (SELECT job_id FROM task_instance WHERE run_id = '{KILLED}')
"""
LAST_WORDS = r"(was killed by signal 9 \(SIGKILL\)|Heartbeat lost)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the store's folder, which is a link that a test changes."""
    folder = tmp_path_factory.mktemp("store") / "store"
    folder.with_name("objects").mkdir()
    folder.symlink_to("objects")
    return folder


@pytest.fixture(scope="module")
def store(folder: Path) -> FolderStore:
    return FolderStore(str(folder))


@pytest.fixture(scope="module")
def airflow(
    tmp_path_factory: pytest.TempPathFactory, folder: Path, server: Postgres, migrated: str
) -> Iterator[Airflow2]:
    """Run a scheduler with LocalExecutor, and two runs of a DAG with a task that writes until it may end."""
    soon = {"AIRFLOW__SCHEDULER__ZOMBIE_DETECTION_INTERVAL": "2"}
    database = server.create("log_pages", migrated)
    airflow = Airflow2(tmp_path_factory.mktemp("home"), database, f"file://{folder}", "alone", **soon)
    # Airflow 2 allows one run of a DAG a second, by its date.
    dates = {GROWING: "2026-01-01", KILLED: "2026-01-02"}
    triggers = [f"dags trigger alone --run-id {run} --exec-date {date}" for run, date in dates.items()]
    airflow.airflow("dags reserialize", *triggers)
    airflow.start("scheduler", "scheduler")
    yield airflow
    airflow.close()


@pytest.fixture(scope="module")
def reader(airflow: Airflow2) -> Iterator[LogReader]:
    with web_server(airflow) as reader:
        yield reader


@pytest.fixture
def page(reader: LogReader) -> Iterator[Page]:
    with patient_page(PAGE_TIMEOUT) as page:
        page.goto(f"{reader.url}/login/")
        page.fill("input[name=username]", "ann")
        page.fill("input[name=password]", PASSWORD)
        page.click("[type=submit]")
        page.wait_for_url(f"{reader.url}/home")
        yield page


def open_log(page: Page, reader: LogReader, run: str) -> None:
    page.goto(f"{reader.url}/dags/alone/grid?dag_run_id={run}&task_id=wait&tab=logs")


def log_text(page: Page) -> str:
    return str(page.locator("code").last.inner_text())


def test_log_of_a_running_task_grows(
    airflow: Airflow2, store: FolderStore, reader: LogReader, page: Page
) -> None:
    wait_for_line(airflow, store, airflow.path(GROWING, "wait"), 1)
    open_log(page, reader, GROWING)
    expect(page.get_by_text("line 1 of the task")).to_be_visible()
    first = assert_each_line_once(log_text(page))
    page.evaluate("window.sameDocument = true")
    wait_until(lambda: assert_each_line_once(log_text(page)) > first + 100, airflow.describe)
    assert page.evaluate("window.sameDocument")


def test_log_of_a_killed_task_has_its_last_words(
    airflow: Airflow2, store: FolderStore, reader: LogReader, page: Page
) -> None:
    path = airflow.path(KILLED, "wait")
    wait_for_line(airflow, store, path, 20)
    for process in processes_of(airflow, KILLED):
        with suppress(psutil.NoSuchProcess):
            process.kill()

    def has_failed() -> bool:
        """A limit of some seconds for heartbeats would end a starved task, too; so the killed one's is long ago."""
        airflow.sql(AGE_HEARTBEAT)
        return reader.state(KILLED, "wait") == "failed"

    wait_until(has_failed, airflow.describe)
    wait_until(lambda: re.search(LAST_WORDS.encode(), wait_for_whole(store, path, airflow)), airflow.describe)
    whole = wait_for_whole(store, path, airflow)
    shutil.rmtree(airflow.log_folder / "dag_id=alone" / f"run_id={KILLED}")
    open_log(page, reader, KILLED)
    last = page.get_by_text(re.compile(LAST_WORDS))
    expect(last.last).to_be_visible()
    assert assert_each_line_once(log_text(page)) == assert_each_line_once(whole)


def test_page_says_what_is_missing(
    airflow: Airflow2, store: FolderStore, reader: LogReader, page: Page
) -> None:
    path = airflow.path(KILLED, "wait")
    end = len(wait_for_whole(store, path, airflow))
    line = b"[2026-01-02T03:04:05.000+0000] {a.py:1} INFO - behind the gap\n"
    key = chunk_key(path, end + 1000)
    store.put_new(key, line)
    open_log(page, reader, KILLED)
    expect(page.get_by_text("1000 bytes of this log are missing here")).to_be_visible()
    expect(page.get_by_text("behind the gap")).to_be_visible()
    store.delete([key])
    store.put_new(key, line * (reading.PIECE_BYTES // len(line) + 1000))
    page.reload()
    expect(page.get_by_text("MiB of attempt=1.log are left out here")).to_be_visible()
    notice = page.get_by_text("MiB of attempt=1.log are left out here")
    expect(notice).to_have_css("color", YELLOW)
    store.delete([key])


def test_page_says_that_the_store_is_away(
    airflow: Airflow2, folder: Path, reader: LogReader, page: Page
) -> None:
    folder.with_name("no-folder").touch()
    point_store_to(folder, "no-folder")
    try:
        open_log(page, reader, GROWING)
        notice = page.get_by_text("The store of task logs cannot be read")
        expect(notice).to_be_visible()
        expect(notice).to_have_css("color", YELLOW)
    finally:
        point_store_to(folder, "objects")


def point_store_to(folder: Path, name: str) -> None:
    """Have the store be something else, in one step: else a shipper may create a folder meanwhile."""
    link = folder.with_name("link")
    link.symlink_to(name)
    link.rename(folder)


def processes_of(airflow: Airflow2, run: str) -> list[psutil.Process]:
    """Return the processes of a run's task, its LocalTaskJob first; not those of other tests' Airflows."""
    return [process for process in airflow.family() if is_of_run(process, run)]


def is_of_run(process: psutil.Process, run: str) -> bool:
    with suppress(psutil.NoSuchProcess):
        title = " ".join(process.cmdline())
        return title.startswith("airflow task") and run in title
    return False
