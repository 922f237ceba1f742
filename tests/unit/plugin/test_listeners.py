"""A component's background services: started by its job, once, and never the cause of a failure."""

from __future__ import annotations

import logging
import sys

import pytest
from pytest_mock import MockerFixture

from astro_runtime_plugin import listeners
from astro_runtime_plugin.inventory import recorder
from astro_runtime_plugin.notices import scheduler_log
from astro_runtime_plugin.notices.notice import Notice
from astro_runtime_plugin.updates import service as updates


class Job:
    """Replaces Airflow's class; the listener checks only its name."""


def test_failure_is_logged_without_foreign_error_text(
    mocker: MockerFixture, caplog: pytest.LogCaptureFixture
) -> None:
    mocker.patch.object(
        listeners, "start_services", side_effect=RuntimeError("postgresql://user:secret@host")
    )
    listeners.on_starting(Job())
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "Background services did not start: RuntimeError" in caplog.text
    assert "secret" not in caplog.text


def test_only_a_job_starts_the_services(mocker: MockerFixture) -> None:
    start = mocker.patch.object(listeners, "start_services")
    listeners.on_starting(object())
    start.assert_not_called()


def test_task_of_a_celery_worker_is_not_recorded(mocker: MockerFixture) -> None:
    mocker.patch.object(sys, "argv", ["airflow", "celery", "worker"])
    start_heartbeat = mocker.patch.object(recorder, "start")
    listeners.start_services()
    start_heartbeat.assert_not_called()


@pytest.mark.parametrize(
    ("url", "times"), [("sqlite:////nowhere/airflow.db", 0), ("postgresql://host/airflow", 1)]
)
def test_celery_worker_without_a_metadata_database_logs_it_and_is_not_recorded(
    mocker: MockerFixture, caplog: pytest.LogCaptureFixture, url: str, times: int
) -> None:
    mocker.patch.object(sys, "argv", ["airflow", "celery", "worker"])
    mocker.patch.dict("os.environ", {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url})
    start_heartbeat = mocker.patch.object(recorder, "_start_heartbeat")
    recorder.start()
    assert start_heartbeat.call_count == times
    assert caplog.text.count("it has no metadata database") == 1 - times


@pytest.mark.parametrize(("command", "times"), [("scheduler", 1), ("triggerer", 0), ("db", 0)])
def test_only_a_scheduler_checks_for_updates_and_logs_notices(
    mocker: MockerFixture, command: str, times: int
) -> None:
    mocker.patch.object(sys, "argv", ["airflow", command])
    start_heartbeat = mocker.patch.object(recorder, "start")
    start_updates = mocker.patch.object(updates, "start")
    start_log = mocker.patch.object(scheduler_log, "start")
    listeners.start_services()
    calls = (start_heartbeat.call_count, start_updates.call_count, start_log.call_count)
    assert calls == (0 if command == "db" else 1, times, times)


def test_failed_start_of_the_notices_is_logged_and_leaves_the_other_services(
    mocker: MockerFixture, caplog: pytest.LogCaptureFixture
) -> None:
    mocker.patch.object(sys, "argv", ["airflow", "scheduler"])
    mocker.patch.object(recorder, "start")
    start_updates = mocker.patch.object(updates, "start")
    mocker.patch.object(scheduler_log, "start", side_effect=RuntimeError("postgresql://user:secret@host"))
    listeners.start_services()
    assert start_updates.call_count == 1
    assert [record.getMessage() for record in caplog.records] == [
        "astro-runtime: The log of the notices did not start: RuntimeError"
    ]


def test_notices_and_a_failure_are_logged_once_each(
    mocker: MockerFixture, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    current_notices = mocker.patch.object(scheduler_log, "current_notices")
    current_notices.return_value = [Notice(id="maintenance", level="warning", text="Maintenance ends.")]
    scheduler_log.log_current()
    scheduler_log.log_current()
    current_notices.side_effect = RuntimeError
    scheduler_log.log_current()
    scheduler_log.log_current()
    assert [record.getMessage() for record in caplog.records] == [
        "Maintenance ends.",
        "astro-runtime: notices could not be computed: RuntimeError",
    ]


def test_invalid_threshold_is_logged_once_and_notices_follow_later(
    mocker: MockerFixture, caplog: pytest.LogCaptureFixture
) -> None:
    mocker.patch.dict("os.environ", {"AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "soon"})
    mocker.patch.object(scheduler_log, "current_notices", return_value=[])
    scheduler_log._warn.cache_clear()
    wait = mocker.Mock(side_effect=[False, SystemExit])
    with pytest.raises(SystemExit):
        scheduler_log._run(wait)
    assert [call.args for call in wait.call_args_list] == [(scheduler_log.HOUR_SECONDS,)] * 2
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
