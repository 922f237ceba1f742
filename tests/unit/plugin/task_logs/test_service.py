"""The threads of a component: none without a store, and never the cause of a failure."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from typing import Any, cast

import pytest
from airflow.configuration import conf
from pytest_mock import MockerFixture

from astro_runtime_plugin import background
from astro_runtime_plugin.background import StoppableWait
from astro_runtime_plugin.component import API_SERVER, CELERY_WORKER, SCHEDULER, WEBSERVER
from astro_runtime_plugin.task_logs import health, service
from astro_runtime_plugin.task_logs.settings import TaskLogSettings, active_settings
from astro_runtime_plugin.task_logs.shipping.records import Status
from astro_runtime_plugin.task_logs.shipping.spool import Spool

CONFIG = "astro_runtime_plugin.task_logs.airflow3.logging_config.LOGGING_CONFIG"


@pytest.fixture
def threads(mocker: MockerFixture) -> list[str]:
    """The names of the threads that are started; none runs."""
    names: list[str] = []
    mocker.patch.object(background, "start_thread", lambda name, _: names.append(name))
    return names


def settings(mocker: MockerFixture, url: str = "", config_class: str = CONFIG, **options: str) -> None:
    variables = {f"AIRFLOW__ASTRO_RUNTIME__TASK_LOGS{name}": text for name, text in options.items()}
    values = {
        "AIRFLOW__ASTRO_RUNTIME__TASK_LOGS": url,
        "AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS": config_class,
        **variables,
    }
    mocker.patch.dict("os.environ", values)


@pytest.mark.parametrize(
    ("url", "config_class", "component", "started"),
    [
        ("", CONFIG, SCHEDULER, []),
        ("file:///logs", "", SCHEDULER, []),
        ("file:///logs", "operators.own.LOGGING_CONFIG", SCHEDULER, []),
        ("file:///logs", CONFIG, SCHEDULER, ["task logs", "task log retention"]),
        ("file:///logs", CONFIG, CELERY_WORKER, ["task logs"]),
        ("file:///logs", CONFIG, API_SERVER, ["task logs"]),
        ("file:///logs", CONFIG, WEBSERVER, ["task logs"]),
    ],
)
def test_threads_run_only_where_task_logs_have_a_store(
    mocker: MockerFixture, threads: list[str], url: str, config_class: str, component: str, started: list[str]
) -> None:
    settings(mocker, url, config_class, _RETENTION_DAYS="30")
    service.start.__wrapped__(component)
    assert threads == started


def test_nothing_is_deleted_unless_a_number_of_days_is_set(mocker: MockerFixture, threads: list[str]) -> None:
    settings(mocker, "file:///logs")
    service.start.__wrapped__(SCHEDULER)
    assert threads == ["task logs"]


@pytest.mark.parametrize(
    ("problem", "level", "text"),
    [
        ("", logging.INFO, "Task logs: s3://logs/x can be written, listed, read and deleted from"),
        (
            "cannot be written: it cannot be reached",
            logging.WARNING,
            "Task logs: s3://logs/x cannot be written: it cannot be reached; `astro-runtime logs check` tries it again",
        ),
    ],
)
def test_check_is_one_line(
    mocker: MockerFixture, caplog: pytest.LogCaptureFixture, problem: str, level: int, text: str
) -> None:
    mocker.patch.object(service, "check_store", return_value=problem)
    caplog.set_level(logging.INFO)
    assert service.log_check(SCHEDULER, TaskLogSettings(url="s3://logs/x")) == problem
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [(level, text)]


def test_worker_without_a_database_does_not_check_a_connection_that_it_cannot_have(
    mocker: MockerFixture, caplog: pytest.LogCaptureFixture
) -> None:
    check = mocker.patch.object(service, "check_store")
    mocker.patch.dict("os.environ", {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite:////tmp/unused.db"})
    caplog.set_level(logging.INFO)
    assert service.log_check(CELERY_WORKER, TaskLogSettings(url="s3://logs/x", conn_id="minio")) == ""
    assert "is not checked here" in caplog.text
    check.assert_not_called()


class Reports:
    """What a reporter has sent and saved."""

    def __init__(self, mocker: MockerFixture, spool: Spool, shares_database: bool = True) -> None:
        self.sent: list[Any] = []
        self.saved: list[Any] = []
        mocker.patch.object(health, "send_metrics", self.sent.append)
        mocker.patch.object(health, "save_row", lambda _, row: self.saved.append(row))
        self.reporter = service.Reporter(spool, shares_database, "cannot be written")

    def problems(self) -> list[str]:
        return [row["problem"] for row in self.sent]


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    spool = Spool(tmp_path)
    spool.folder.mkdir(parents=True)
    return spool


def test_problem_of_the_check_is_reported_until_everything_was_sent(
    mocker: MockerFixture, spool: Spool
) -> None:
    reports = Reports(mocker, spool)
    reports.reporter.report()
    spool.save_status(Status(entries=1, pending_bytes=7))
    reports.reporter.report()
    spool.save_status(Status(updated=1.0))
    reports.reporter.report()
    spool.save_status(Status(updated=2**40))
    reports.reporter.report()
    assert reports.problems() == [*3 * ["cannot be written"], ""]
    assert [row["pending_bytes"] for row in reports.saved] == [0, 7, 0, 0]


def test_component_without_the_database_saves_no_row(mocker: MockerFixture, spool: Spool) -> None:
    reports = Reports(mocker, spool, shares_database=False)
    reports.reporter.report()
    assert (len(reports.sent), reports.saved) == (1, [])


def test_failure_is_one_warning_without_its_text(
    mocker: MockerFixture, caplog: pytest.LogCaptureFixture, spool: Spool
) -> None:
    reports = Reports(mocker, spool)
    mocker.patch.object(health, "save_row", side_effect=RuntimeError("postgresql://user:secret@host"))
    reports.reporter.report()
    reports.reporter.report()
    assert len(reports.sent) == 2
    assert [record.getMessage() for record in caplog.records] == [
        "astro-runtime: the row of task logs could not be saved: RuntimeError"
    ]


def test_problem_of_a_silent_shipper_is_one_warning(
    mocker: MockerFixture, caplog: pytest.LogCaptureFixture, spool: Spool
) -> None:
    reports = Reports(mocker, spool)
    now = time.time()
    for status in (
        Status(updated=now - 3600, problem="long over"),
        Status(updated=now, problem="printed", is_printed=True),
        *(Status(updated=now, problem=problem) for problem in ("refuses", "", "is away", "refuses")),
    ):
        spool.save_status(status)
        reports.reporter.report()
    assert [record.getMessage() for record in caplog.records] == [
        f"astro-runtime: task logs wait on this machine: {problem}" for problem in ("refuses", "is away")
    ]


def test_only_the_component_itself_waits_for_the_store_at_its_end(mocker: MockerFixture) -> None:
    writer = mocker.Mock()
    service.flush(writer, os.getppid())
    assert writer.flush.call_count == 0
    service.flush(writer, os.getpid())
    writer.flush.assert_called_once_with(service.FLUSH_SECONDS)


@pytest.mark.parametrize(("component", "waits"), [(CELERY_WORKER, 1), (SCHEDULER, 1), (API_SERVER, 0)])
def test_components_that_write_logs_wait_for_the_store_at_their_end(
    mocker: MockerFixture, threads: list[str], component: str, waits: int
) -> None:
    register = mocker.patch("atexit.register")
    settings(mocker, "file:///logs")
    service.start.__wrapped__(component)
    assert register.call_count == waits


def test_shipper_that_has_ended_is_started_again(mocker: MockerFixture, tmp_path: Path) -> None:
    settings(mocker, f"file://{tmp_path}")
    mocker.patch.dict("os.environ", {"AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(tmp_path / "logs")})
    mocker.patch.object(service, "Reporter")
    sweep = mocker.patch("astro_runtime_plugin.task_logs.shipping.writer.LogWriter.sweep")

    class EndError(Exception):
        """The process ends."""

    waits: list[int] = []

    def wait(_: float) -> bool:
        waits.append(sweep.call_count)
        if len(waits) == 3:
            raise EndError
        return False

    with pytest.raises(EndError):
        service._work(cast(StoppableWait, wait), SCHEDULER, active_settings(conf))
    assert waits == [1, 2, 3]
