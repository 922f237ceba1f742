"""What a fault is: a row of the matrix."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

from testing.faults.arrangement import Arrange
from testing.faults.trial import FaultTrial

CELERY, LOCAL = ("celery-redis", "celery-rabbitmq"), ("local",)
FAILOVER, MARIADB = ("celery-failover",), ("celery-mariadb",)  # put to what has to do with their own servers
KUBERNETES = ("kubernetes",)  # has faults of its own: each of its tasks costs the start of a pod
ALL_SYSTEMS, BOTH_LINES = (*CELERY, *LOCAL), ("3.3", "2.11")


# Seconds in which waiting tasks move again when the broker or a scheduler, and when the database is back.
RESUME_SECONDS, DATABASE_RESUME_SECONDS = 60.0, 30.0
MISS_SECONDS = 60.0  # after which a queued task whose message or pod is gone is missed


class SystemFault(NamedTuple):
    """A fault: `inject` returns when it is over, that is when what was away is back, or starts again by itself.

    Waiting tasks must move again within `limit` seconds after that, if it is not None; with `beyond_queue` those that
    were not queued yet must be, since the others move without what has failed. `arrange` is what the system needs
    before it starts; such a system, and one after a fault that `spoils` it, is not used for another fault.
    """

    name: str
    text: str
    inject: Callable[[FaultTrial], None]
    systems: Collection[str] = ALL_SYSTEMS
    lines: Collection[str] = BOTH_LINES
    limit: float | None = None
    arrange: Arrange | None = None
    spoils: bool = False
    beyond_queue: bool = False
