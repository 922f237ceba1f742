"""The thread that hears the process that asks the workers outlives whatever happens to that process."""

from __future__ import annotations

import logging

import pytest
from pytest_mock import MockerFixture

from astro_runtime_plugin.parallelism.monitor import ParallelismMonitor


def test_whatever_ends_the_process_that_asks_another_one_is_started(
    mocker: MockerFixture, caplog: pytest.LogCaptureFixture
) -> None:
    following = ParallelismMonitor(mocker.Mock(value=4), {})
    listens = mocker.patch.object(following, "_listen", side_effect=[ValueError("no JSON"), None])
    mocker.patch.object(following, "_ask_workers", side_effect=[OSError("no process can be made"), "another"])
    rest = mocker.Mock(side_effect=[False, False, SystemExit])
    with pytest.raises(SystemExit):
        following._run(rest, {}, mocker.sentinel.first)
    assert [call.args[1] for call in listens.call_args_list] == [mocker.sentinel.first, "another"]
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_a_database_that_cannot_be_written_is_told_without_its_url(
    mocker: MockerFixture, caplog: pytest.LogCaptureFixture
) -> None:
    away = mocker.Mock(side_effect=OSError("postgresql://user:secret@host"))
    following = ParallelismMonitor(mocker.Mock(value=4), {"record of the workers": away})
    following._hear({"error": "away"})
    assert "the record of the workers cannot be told: OSError" in caplog.text
    assert "secret" not in caplog.text
