"""How often a client of the API server repeats a request: as Airflow's settings say, or as a fix says for a block."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial, wraps
from typing import Any

from astro_runtime_plugin.fixes.support.request_errors import is_api_outage, may_pass
from astro_runtime_plugin.fixes.support.stop_request import limit

log = logging.getLogger("astro_runtime")
Attempt = Callable[[], Any]
Policy = Callable[[Attempt], Any]
# Seconds. The shorter, the sooner a request arrives after an outage, and the more requests a server gets in its start.
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


def until(deadline: float, pause: tuple[float, float], attempts: int) -> Policy | None:
    """Return the policy that repeats what an outage stops; None (Airflow's own) if the deadline is over.

    `deadline` is a time of the monotonic clock in seconds, `pause` the shortest and the longest pause in seconds.
    A request that fails otherwise, though it may succeed later, gets as many `attempts` as Airflow gives it. Once this
    process is asked to stop, the deadline is near.
    """
    if time.monotonic() >= deadline:
        return None
    return partial(_repeat, deadline, pause, attempts)


def _repeat(deadline: float, pause: tuple[float, float], attempts: int, attempt: Attempt) -> Any:
    failures = faults = 0
    while True:
        try:
            return attempt()
        except Exception as error:
            left = limit(deadline) - time.monotonic()
            faults += not is_api_outage(error)
            if not may_pass(error) or left <= 0 or faults >= attempts:
                raise
            _warn(failures, error, left)
        failures += 1
        time.sleep(min(left, random.uniform(*pause)))  # noqa: S311 (it spreads the tasks' requests)


def _warn(failures: int, error: Exception, left: float) -> None:
    if failures == 1:  # a single one is no news
        log.warning(
            "astro-runtime: the API server is away (%s); a request is repeated for up to %.0f s",
            type(error).__name__,
            left,
        )
