"""The facts that the rules judge. No I/O."""

from __future__ import annotations

from typing import NamedTuple


class JobBeat(NamedTuple):
    """A running job in Airflow's table `job`: its component, its host, and the age of its last heartbeat in seconds.

    It counts as dead after `timeout` seconds. `since` is when it started (UTC, ISO 8601, to the second).
    """

    component: str
    host: str
    age: float
    timeout: float
    since: str

    @property
    def is_alive(self) -> bool:
        """Whether the heartbeat is recent."""
        return self.age <= self.timeout


class OverdueQueue(NamedTuple):
    """Tasks of a Celery queue that have been queued for long: how many, and since when at most, in seconds."""

    queue: str
    tasks: int
    seconds: float
