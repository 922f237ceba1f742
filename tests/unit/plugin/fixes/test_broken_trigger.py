from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from astro_runtime_plugin.fixes import broken_trigger
from astro_runtime_plugin.fixes.broken_trigger import skip_unreadable
from astro_runtime_plugin.fixes.support.retries import Retries

BROKEN, GOOD = SimpleNamespace(id=1), SimpleNamespace(id=2)


@pytest.fixture(autouse=True)
def _retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broken_trigger, "_retries", Retries())


def test_dag_that_cannot_be_read_is_not_read_again_at_once() -> None:
    reads = []

    def create(_: Any, trigger: Any) -> str:
        reads.append(trigger.id)
        if trigger is BROKEN:
            raise KeyError("dag")
        return "workload"

    create_or_skip = skip_unreadable(create)
    outcomes = [create_or_skip(None, trigger) for trigger in (BROKEN, GOOD, BROKEN, GOOD)]
    assert outcomes == [None, "workload", None, "workload"]
    assert reads == [1, 2, 2]


def test_outage_of_the_database_says_nothing_about_a_trigger() -> None:
    def create(*_: Any) -> None:
        raise OperationalError("SELECT 1", {}, SimpleNamespace())  # type: ignore[arg-type]

    for _ in range(2):
        with pytest.raises(OperationalError):
            skip_unreadable(create)(None, GOOD)
