"""The workers of another Airflow on the same broker are not counted if one of three settings differs."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import pytest

from astro_runtime_plugin.parallelism.worker_inspector import WorkerInspector
from testing.fake_worker import fake_worker
from testing.servers import redis
from testing.waiting import wait_until

# How the other Airflow differs: its database of Redis, exchange and transport options; whether its workers are counted.
OTHERS: dict[str, tuple[str, str, Mapping[str, Any], bool]] = {
    "nothing differs": ("0", "celery", {}, True),
    "its own database": ("1", "celery", {}, False),
    "its own exchange": ("0", "theirs", {}, False),
    "its own key prefix": ("0", "celery", {"global_keyprefix": "theirs"}, False),
}


@pytest.mark.parametrize("case", OTHERS)
def test_workers_of_another_airflow_are_told_apart(case: str) -> None:
    database, exchange, options, counted = OTHERS[case]
    with redis() as url, ExitStack() as workers:
        workers.enter_context(fake_worker(url, "ours@a", active_queues=[{"name": "team_a"}]))
        other = url.removesuffix("0") + database
        theirs = fake_worker(other, "theirs@b", exchange, options, active_queues=[{"name": "team_b"}])
        workers.enter_context(theirs)
        expected = ["ours@a", *(["theirs@b"] if counted else [])]
        assert inspect(WorkerInspector({"broker_url": url}), len(expected)) == expected


def inspect(inspector: WorkerInspector, count: int) -> list[str]:
    """Return the names of the workers in the first round that leaves out none: one that is slow is left out."""
    names: list[str] = []

    def is_complete() -> bool:
        names[:] = [worker[0] for worker in inspector.inspect_once().get("workers", ())]
        return len(names) >= count

    wait_until(is_complete, lambda: str(names))
    return names


@pytest.mark.parametrize(
    "options", [{"fanout_prefix": False}, {"fanout_patterns": False}, {"global_keyprefix": "mine"}], ids=str
)
def test_transport_options_reach_the_workers(options: dict[str, Any]) -> None:
    with redis() as url, fake_worker(url, "ours@a", options=options):
        settings = {"broker_url": url, "broker_transport_options": options}
        assert inspect(WorkerInspector(settings), 1) == ["ours@a"]
