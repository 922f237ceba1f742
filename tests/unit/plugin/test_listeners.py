"""What a component does beside its job: begun once, by a job's start, and never a reason for it to fail."""

from __future__ import annotations

import logging
import sys

import pytest
from pytest_mock import MockerFixture

from astro_runtime_plugin import listeners
from astro_runtime_plugin.inventory import heartbeat
from astro_runtime_plugin.notices import scheduler_log
from astro_runtime_plugin.notices.notice import Notice
from astro_runtime_plugin.updates import service as updates


class Job:
    """Stands for Airflow's, of which the listener looks at the name alone."""


def test_what_fails_is_one_warning(mocker: MockerFixture, caplog: pytest.LogCaptureFixture) -> None:
    mocker.patch.object(
        listeners, "start_services", side_effect=RuntimeError("postgresql://user:secret@host")
    )
    listeners.on_starting(Job())
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text


def test_what_is_no_job_begins_nothing(mocker: MockerFixture) -> None:
    begin = mocker.patch.object(listeners, "start_services")
    listeners.on_starting(object())
    begin.assert_not_called()


def test_a_task_of_a_celery_worker_is_no_component(mocker: MockerFixture) -> None:
    mocker.patch.object(sys, "argv", ["airflow", "celery", "worker"])
    announced = mocker.patch.object(heartbeat, "start")
    listeners.start_services()
    announced.assert_not_called()


@pytest.mark.parametrize(
    ("url", "times"), [("sqlite:////nowhere/airflow.db", 0), ("postgresql://host/airflow", 1)]
)
def test_a_celery_worker_without_a_metadata_database_says_so_and_records_nothing(
    mocker: MockerFixture, caplog: pytest.LogCaptureFixture, url: str, times: int
) -> None:
    mocker.patch.object(sys, "argv", ["airflow", "celery", "worker"])
    mocker.patch.dict("os.environ", {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url})
    announced = mocker.patch.object(heartbeat, "_start_heartbeat")
    heartbeat.start()
    assert announced.call_count == times
    assert caplog.text.count("it has no metadata database") == 1 - times


@pytest.mark.parametrize(("command", "times"), [("scheduler", 1), ("triggerer", 0), ("db", 0)])
def test_a_scheduler_alone_looks_for_updates_and_says_the_notices(
    mocker: MockerFixture, command: str, times: int
) -> None:
    mocker.patch.object(sys, "argv", ["airflow", command])
    announced = mocker.patch.object(heartbeat, "start")
    looked = mocker.patch.object(updates, "start")
    said = mocker.patch.object(scheduler_log, "start")
    listeners.start_services()
    calls = (announced.call_count, looked.call_count, said.call_count)
    assert calls == (0 if command == "db" else 1, times, times)


def test_the_notices_are_said_once_each_and_a_failure_once(
    mocker: MockerFixture, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    asked = mocker.patch.object(scheduler_log, "all_notices")
    asked.return_value = [Notice(id="one", level="warning", text="Maintenance ends.")]
    scheduler_log.log_current()
    scheduler_log.log_current()
    asked.side_effect = RuntimeError
    scheduler_log.log_current()
    scheduler_log.log_current()
    assert [record.getMessage() for record in caplog.records] == [
        "Maintenance ends.",
        "astro-runtime: notices cannot be worked out: RuntimeError",
    ]


def test_a_threshold_that_is_no_number_is_said_once_and_the_notices_come_later(
    mocker: MockerFixture, caplog: pytest.LogCaptureFixture
) -> None:
    mocker.patch.dict("os.environ", {"AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "soon"})
    mocker.patch.object(scheduler_log, "all_notices", return_value=[])
    scheduler_log._warn.cache_clear()
    rest = mocker.Mock(side_effect=[False, SystemExit])
    with pytest.raises(SystemExit):
        scheduler_log._run(rest)
    assert [call.args for call in rest.call_args_list] == [(scheduler_log.HOUR_SECONDS,)] * 2
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
