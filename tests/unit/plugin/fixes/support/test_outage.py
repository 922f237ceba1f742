from __future__ import annotations

import logging
import socket

import pytest
from kombu.exceptions import OperationalError
from kubernetes.client import ApiException  # type: ignore[import-untyped]
from kubernetes.dynamic.exceptions import ServiceUnavailableError  # type: ignore[import-untyped]
from redis.exceptions import BusyLoadingError, ReadOnlyError, ResponseError
from urllib3.exceptions import MaxRetryError

from astro_runtime_plugin.fixes.support.outage import (
    FIRST_PAUSE,
    FORGET_SECONDS,
    MAX_PAUSE,
    MAX_SECONDS,
    Outage,
    is_outage,
)

ERRORS: list[tuple[BaseException, bool]] = [
    (ConnectionRefusedError(), True),
    (TimeoutError(), True),
    (socket.gaierror(), True),
    (OperationalError(), True),
    (BusyLoadingError(), True),
    (ReadOnlyError(), True),
    (ResponseError(), False),
    (MaxRetryError(None, "/"), True),  # type: ignore[arg-type]
    (ApiException(status=503), True),
    (ApiException(status=429), True),
    (ServiceUnavailableError(ApiException(status=503)), True),
    (ApiException(status=403), False),
    (FileNotFoundError(), False),
    (ValueError(), False),
]


@pytest.mark.parametrize(("error", "expected"), ERRORS, ids=lambda value: repr(value)[:40])
def test_error_means_an_outage(error: BaseException, expected: bool) -> None:
    assert is_outage(error) is expected


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_pause_doubles_up_to_its_maximum_and_starts_again() -> None:
    clock = Clock()
    outage = Outage("it is away", clock)
    assert not outage.pauses
    for seconds in (FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE, 8 * FIRST_PAUSE, MAX_PAUSE, MAX_PAUSE):
        outage.fail(ValueError())
        clock.now += seconds - 0.1
        assert outage.pauses
        clock.now += 0.1
        assert not outage.pauses
    outage.end()
    outage.fail(ValueError())
    clock.now += FIRST_PAUSE
    assert not outage.pauses


def test_outage_is_over_its_limit_after_minutes_without_success() -> None:
    clock = Clock()
    outage = Outage("it is away", clock)
    outage.fail(ValueError())
    clock.now += MAX_SECONDS - 1
    assert not outage.is_over_limit
    clock.now += 1
    assert outage.is_over_limit
    outage.end()
    assert not outage.is_over_limit


def test_failure_long_after_the_last_attempt_begins_another_outage() -> None:
    clock = Clock()
    outage = Outage("it is away", clock)
    outage.fail(ValueError())
    clock.now += FORGET_SECONDS
    assert not outage.is_over_limit
    outage.fail(ValueError())
    assert not outage.is_over_limit
    clock.now += MAX_SECONDS
    assert outage.is_over_limit


def test_each_outage_logs_one_warning_without_the_text_of_the_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    outage = Outage("it is away")
    with caplog.at_level(logging.WARNING, "astro_runtime"):
        for _ in range(2):
            outage.fail(ValueError("secret"))
            outage.fail(ValueError("secret"))
            outage.end()
    assert caplog.messages == ["astro-runtime: it is away (ValueError)"] * 2
