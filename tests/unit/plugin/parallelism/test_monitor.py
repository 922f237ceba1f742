"""The monitor's thread survives whatever happens to the child that queries the workers."""

from __future__ import annotations

import logging

import pytest
from pytest_mock import MockerFixture

from astro_runtime_plugin import background, child_process
from astro_runtime_plugin.parallelism.bounds import MAX_WARNINGS
from astro_runtime_plugin.parallelism.monitor import ParallelismMonitor
from astro_runtime_plugin.parallelism.publish import subscribers


def test_failed_child_is_replaced(mocker: MockerFixture, caplog: pytest.LogCaptureFixture) -> None:
    monitor = ParallelismMonitor(mocker.Mock(value=4), [])
    process_answers = mocker.patch.object(
        monitor, "_process_answers", side_effect=[ValueError("not JSON"), None]
    )
    children = [OSError("redis://:secret@host"), mocker.sentinel.second]
    mocker.patch.object(child_process, "start", side_effect=children)
    wait = mocker.Mock(side_effect=[False, False, SystemExit])
    with pytest.raises(SystemExit):
        monitor._run(wait, {}, mocker.sentinel.first)
    processed = [call.args[1] for call in process_answers.call_args_list]
    assert processed == [mocker.sentinel.first, mocker.sentinel.second]
    assert [record.getMessage() for record in caplog.records] == [
        "astro-runtime: parallelism stays 4: could not query the workers: ValueError"
    ]


def test_first_child_that_cannot_start_is_logged_without_the_error_text(
    mocker: MockerFixture, caplog: pytest.LogCaptureFixture
) -> None:
    mocker.patch.object(child_process, "start", side_effect=OSError("redis://:secret@host"))
    mocker.patch.object(background, "start_thread")
    ParallelismMonitor(mocker.Mock(value=4), []).start({})
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING] == [
        "astro-runtime: parallelism stays 4: could not query the workers: OSError"
    ]


def test_broker_failure_is_logged_after_a_dead_child(
    mocker: MockerFixture, caplog: pytest.LogCaptureFixture
) -> None:
    monitor = ParallelismMonitor(mocker.Mock(value=4), [])
    for _ in range(2):
        monitor._process_answers(mocker.Mock(return_value=False), mocker.Mock(returncode=-14))
        monitor._process({"error": "OperationalError"})
    assert [record.getMessage() for record in caplog.records] == [
        "astro-runtime: parallelism stays 4: the process that queries the workers ended with -14",
        "astro-runtime: parallelism stays 4: could not query the broker: OperationalError",
    ]


def test_unwritable_database_is_logged_without_its_url(
    mocker: MockerFixture, caplog: pytest.LogCaptureFixture
) -> None:
    (warning,) = (warning for warning, _ in subscribers() if "save" in warning)
    failing = mocker.Mock(side_effect=OSError("postgresql://user:secret@host"))
    monitor = ParallelismMonitor(mocker.Mock(value=4), [(warning, failing)])
    monitor._process({"error": "away"})
    assert "Could not save worker status: OSError" in caplog.text
    assert "secret" not in caplog.text


def test_invalid_replies_are_logged_once_for_each_worker(
    mocker: MockerFixture, caplog: pytest.LogCaptureFixture
) -> None:
    monitor = ParallelismMonitor(mocker.Mock(value=4), [])
    for invalid in ({"a@host": "no"}, {"a@host": "still no", "b@host": "no", "c@host": "neither"}):
        for _ in range(2):
            monitor._process({"workers": [], "active": [], "invalid": invalid})
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING] == [
        "astro-runtime: invalid replies from Celery workers: a@host: no",
        "astro-runtime: invalid replies from Celery workers: b@host: no; c@host: neither",
    ]
    for number in range(3 * MAX_WARNINGS):
        monitor._process({"workers": [], "active": [], "invalid": {f"{number}@host": "no"}})
    assert sum(record.levelno == logging.WARNING for record in caplog.records) == MAX_WARNINGS - 1
