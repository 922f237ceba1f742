"""What a policy repeats, and for how long; the proof of the fix shows it with real supervisors."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from astro_runtime_plugin.fixes.support import stop_request
from astro_runtime_plugin.fixes.support.request_policy import (
    once,
    request_policy,
    until,
    use_policy,
)
from astro_runtime_plugin.fixes.support.stop_request import forget_stop, request_stop

REQUEST = httpx.Request("GET", "http://127.0.0.1/")
REFUSED = httpx.ConnectError("refused", request=REQUEST)
PAUSE = (0.0, 0.0)
HOUR = 3600.0
ATTEMPTS = 3


def status_error(status: int) -> httpx.HTTPStatusError:
    return httpx.HTTPStatusError("", request=REQUEST, response=httpx.Response(status, request=REQUEST))


class Client:
    """Answers after some errors; `request` repeats as often as Airflow's client, once in this test."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)

    def once(self, answer: str) -> str:
        if self.errors:
            raise self.errors.pop(0)
        return answer


def repeated(client: Client, answer: str) -> str:
    try:
        return client.once(answer)
    except httpx.HTTPError:
        return client.once(answer)


repeated.__wrapped__ = Client.once  # type: ignore[attr-defined]
request = use_policy(repeated)


def in_an_hour() -> Any:
    return until(time.monotonic() + HOUR, PAUSE, ATTEMPTS)


def test_request_without_a_policy_is_airflows() -> None:
    assert request(Client(REFUSED), "answer") == "answer"
    with pytest.raises(httpx.ConnectError):
        request(Client(REFUSED, REFUSED), "answer")


def test_request_is_tried_once() -> None:
    client = Client(REFUSED, REFUSED)
    with request_policy(once), pytest.raises(httpx.ConnectError):
        request(client, "answer")
    assert len(client.errors) == 1


def test_request_is_repeated_until_the_server_is_back() -> None:
    with request_policy(in_an_hour()):
        assert request(Client(*[REFUSED] * 9), "answer") == "answer"


def test_other_errors_are_not_repeated() -> None:
    client = Client(REFUSED, status_error(409), REFUSED)
    with request_policy(in_an_hour()), pytest.raises(httpx.HTTPStatusError):
        request(client, "answer")
    assert client.errors == [REFUSED]


def test_fault_gets_the_attempts_that_airflow_gives_it() -> None:
    client = Client(REFUSED, *[status_error(500)] * 9)
    with request_policy(in_an_hour()), pytest.raises(httpx.HTTPStatusError):
        request(client, "answer")
    assert len(client.errors) == 9 - ATTEMPTS


def test_request_to_stop_ends_the_repetition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stop_request, "GRACE", 0.0)
    client = Client(*[REFUSED] * 99)
    request_stop()
    with request_policy(in_an_hour()), pytest.raises(httpx.ConnectError):
        request(client, "answer")
    forget_stop()
    with request_policy(in_an_hour()):
        assert request(client, "answer") == "answer"


def test_deadline_ends_the_repetition() -> None:
    with (
        request_policy(until(time.monotonic() + 0.01, (0.02, 0.02), ATTEMPTS)),
        pytest.raises(httpx.ConnectError),
    ):
        request(Client(*[REFUSED] * 99), "answer")


def test_after_the_deadline_airflow_decides() -> None:
    assert until(time.monotonic(), PAUSE, ATTEMPTS) is None
