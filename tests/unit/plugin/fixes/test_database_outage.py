from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import exc

from astro_runtime_plugin.fixes import database_outage
from astro_runtime_plugin.fixes.database_outage import forget_events, is_outage, keep_events, restart_loop


class RefusalError(Exception):
    """A driver's error."""

    def __init__(self, pgcode: str = "") -> None:
        self.pgcode = pgcode


OUTAGE = exc.OperationalError("SELECT 1", {}, RefusalError())


@pytest.mark.parametrize(
    ("error", "outage"),
    [
        (OUTAGE, True),
        (exc.InterfaceError("SELECT 1", {}, RefusalError()), True),
        (exc.PendingRollbackError(), True),
        (exc.TimeoutError(), True),
        (exc.InternalError("UPDATE job", {}, RefusalError("25006")), True),
        (exc.DatabaseError("SELECT 1", {}, RefusalError(), connection_invalidated=True), True),
        (exc.InternalError("UPDATE job", {}, RefusalError()), False),
        (exc.IntegrityError("INSERT", {}, RefusalError()), False),
        (ValueError(), False),
    ],
)
def test_outage_is_an_error_of_the_connection(error: Exception, outage: bool) -> None:
    assert is_outage(error) is outage


class Executor:
    def __init__(self) -> None:
        self.event_buffer: dict[str, str] = {"ended": "success"}
        self.queued_tasks: dict[str, str] = {}


def run_loop(monkeypatch: pytest.MonkeyPatch, *, saves: bool) -> dict[str, str]:
    """Run a loop that takes an executor's events, saves them or not, and fails; return its events in the next one."""
    executor, rounds = Executor(), []

    def take(_: Any, executor: Executor) -> int:
        executor.event_buffer = {}
        return 1

    process, save = keep_events(take), forget_events(lambda: None)

    def loop(runner: Any) -> None:
        rounds.append(dict(executor.event_buffer))
        if len(rounds) == 1:
            process(runner, executor=executor)
            if saves:
                save()
            raise OUTAGE

    monkeypatch.setattr(database_outage, "PAUSE", 0)
    monkeypatch.setattr(database_outage, "_answers", lambda: True)
    monkeypatch.setattr(database_outage, "_drop_unsaved", lambda _: None)
    restart_loop(loop)(SimpleNamespace(executors=[executor]))
    return rounds[1]


def test_events_that_were_not_saved_are_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_loop(monkeypatch, saves=False) == {"ended": "success"}
    assert run_loop(monkeypatch, saves=True) == {}


def test_scheduler_exits_after_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds = []

    def loop(runner: Any) -> None:
        rounds.append(runner)
        raise OUTAGE

    monkeypatch.setattr(database_outage, "PAUSE", 0)
    monkeypatch.setattr(database_outage, "LIMIT_SECONDS", 0)
    with pytest.raises(exc.OperationalError):
        restart_loop(loop)(SimpleNamespace(executors=[]))
    assert len(rounds) == 1


def test_other_errors_end_the_scheduler() -> None:
    def loop(_: Any) -> None:
        raise ValueError("a fault")

    with pytest.raises(ValueError, match="a fault"):
        restart_loop(loop)(SimpleNamespace(executors=[]))
