"""How often a client of the API server repeats a request: as Airflow is configured, or as a fix decides for a block."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial, wraps
from typing import Any

log = logging.getLogger("astro_runtime")
Attempt = Callable[[], Any]
Policy = Callable[[Attempt], Any]
# Seconds. The shorter the pause, the sooner a request arrives after an outage, and the more requests a server gets
# while it starts.
LONGEST_PAUSE = 5.0
_current: ContextVar[Policy | None] = ContextVar("astro_runtime_request_policy", default=None)


def use_policy(request: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `Client.request`, which Airflow decorates with its repetitions."""

    @wraps(request)
    def request_by_policy(client: Any, *args: Any, **options: Any) -> Any:
        policy, once = _current.get(), getattr(request, "__wrapped__", None)
        if policy is None or once is None:
            return request(client, *args, **options)
        return policy(partial(once, client, *args, **options))

    return request_by_policy


@contextmanager
def request_policy(policy: Policy | None) -> Iterator[None]:
    """Use a policy for the requests of the block; None: Airflow's own."""
    token = _current.set(policy)
    try:
        yield
    finally:
        _current.reset(token)


def once(attempt: Attempt) -> Any:
    """Try a request once."""
    return attempt()


def until(deadline: float, pause: tuple[float, float]) -> Policy | None:
    """Return the policy that repeats what an outage stops; None (Airflow's own) if the deadline has passed.

    `deadline` is a time of the monotonic clock in seconds, `pause` the shortest and the longest pause in seconds.
    """
    if time.monotonic() >= deadline:
        return None
    return partial(_repeat, deadline, pause)


def _repeat(deadline: float, pause: tuple[float, float], attempt: Attempt) -> Any:
    failures = 0
    while True:
        try:
            return attempt()
        except Exception as error:
            left = deadline - time.monotonic()
            if not is_outage(error) or left <= 0:
                raise
            _warn(failures, error, left)
        failures += 1
        time.sleep(min(left, random.uniform(*pause)))  # noqa: S311 (it spreads the tasks' requests)


def _warn(failures: int, error: Exception, left: float) -> None:
    if failures == 1:  # the first one is often over at once
        log.warning(
            "astro-runtime: the API server is away (%s); a request is repeated for %.0f s",
            type(error).__name__,
            left,
        )


def is_outage(error: BaseException) -> bool:
    """Whether a request failed because the API server, or its database, is unavailable or overloaded."""
    import httpx

    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code >= 500 or error.response.status_code == 429
    return isinstance(error, httpx.RequestError)
