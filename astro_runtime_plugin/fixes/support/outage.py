"""An outage of a server: which errors mean one, when to try again, and when to give up."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

log = logging.getLogger("astro_runtime")
MAX_SECONDS = 300.0  # then Airflow acts as stock, as it does with a task whose heartbeat is that old
FORGET_SECONDS = 2 * MAX_SECONDS  # after a failure without another attempt: nothing is known about the server
FIRST_PAUSE, MAX_PAUSE = 1.0, 15.0  # seconds between two attempts; the pause doubles

# The errors of the libraries that executors use, by module and class. They are not imported: an error that has
# occurred has its module.
ERRORS = {
    ("builtins", "ConnectionError"),
    ("builtins", "TimeoutError"),
    ("socket", "gaierror"),
    ("kombu.exceptions", "OperationalError"),
    ("amqp.exceptions", "ConnectionError"),
    ("redis.exceptions", "ConnectionError"),
    ("redis.exceptions", "TimeoutError"),
    ("redis.exceptions", "ReadOnlyError"),  # of a server that a failover has made a replica
    ("redis.exceptions", "MasterDownError"),
    ("redis.exceptions", "ClusterDownError"),
    ("sqlalchemy.exc", "OperationalError"),
    ("sqlalchemy.exc", "InterfaceError"),
    ("urllib3.exceptions", "HTTPError"),
    ("airflow.exceptions", "AirflowTaskTimeout"),  # of [celery] operation_timeout
    ("airflow.sdk.exceptions", "AirflowTaskTimeout"),
}
API_ERROR = ("kubernetes.client.exceptions", "ApiException")
TOO_MANY_REQUESTS, SERVER_ERROR = 429, 500


def is_outage(error: BaseException) -> bool:
    """Return whether an error says that a server cannot be reached, or cannot answer at the moment."""
    classes = {(base.__module__, base.__name__) for base in type(error).__mro__}
    if API_ERROR in classes:
        status = getattr(error, "status", None)
        # Without a status, the client could not read what it got.
        return status is None or status == TOO_MANY_REQUESTS or status >= SERVER_ERROR
    return bool(classes & ERRORS)


class Outage:
    """Whether a server is away at the moment. Logs one warning for each outage.

    `problem` is what a failure means to the operator; `clock` returns seconds.
    """

    def __init__(self, problem: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._problem = problem
        self._clock = clock
        self._began: float | None = None
        self._pause = FIRST_PAUSE
        self._next_attempt = 0.0
        self._failed = 0.0  # when the last attempt failed

    @property
    def pauses(self) -> bool:
        """Whether it is too early for another attempt."""
        return self._began is not None and self._clock() < self._next_attempt

    @property
    def is_over_limit(self) -> bool:
        """Whether the outage has lasted for MAX_SECONDS."""
        return (
            self._began is not None
            and self._clock() - self._began >= MAX_SECONDS
            and self._clock() - self._failed < FORGET_SECONDS
        )

    def fail(self, error: BaseException) -> None:
        """Record an attempt that failed."""
        if self._clock() - self._failed >= FORGET_SECONDS:
            self._began, self._pause = None, FIRST_PAUSE
        self._failed = self._clock()
        if self._began is None:
            self._began = self._clock()
            # The error's text may contain a URL with a password.
            log.warning("astro-runtime: %s (%s)", self._problem, type(error).__name__)
        self._next_attempt = self._clock() + self._pause
        self._pause = min(self._pause * 2, MAX_PAUSE)

    def end(self) -> None:
        """Record an attempt that succeeded."""
        if self._began is not None:
            log.info(
                "astro-runtime: after %.0f s the outage is over (%s)",
                self._clock() - self._began,
                self._problem,
            )
        self._began, self._pause = None, FIRST_PAUSE
