"""A failing footer costs no page, and one line of log."""

from __future__ import annotations

import pytest

from astro_runtime_plugin.web.fail_safe import FailSafe


def test_result_of_the_function_is_returned() -> None:
    assert FailSafe()(max, 1, 2) == 2


def test_failure_is_none_and_only_the_first_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    fail_safe = FailSafe()
    assert [fail_safe(int, "a"), fail_safe(int, "b"), fail_safe(int, "3")] == [None, None, 3]
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "ValueError" in record.getMessage()


def test_exit_of_the_process_is_not_caught() -> None:
    with pytest.raises(SystemExit):
        FailSafe()(exit)
