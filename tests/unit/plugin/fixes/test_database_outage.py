from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import create_engine, exc, insert, select
from sqlalchemy.orm import scoped_session, sessionmaker

from astro_runtime_plugin.fixes import database_outage
from astro_runtime_plugin.fixes.database_outage import (
    begin_again,
    forget_events,
    keep_events,
    write_heartbeat,
)
from astro_runtime_plugin.fixes.support.lost_database import take_loss


class RefusalError(Exception):
    """A driver's error."""

    def __init__(self, pgcode: str = "") -> None:
        self.pgcode = pgcode


OUTAGE = exc.OperationalError("SELECT 1", {}, RefusalError())


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
    monkeypatch.setattr(database_outage, "write_heartbeat", lambda _: True)
    monkeypatch.setattr(database_outage, "drop_unsaved", lambda _: None)
    begin_again(loop)(SimpleNamespace(executors=[executor], job=None))
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
    monkeypatch.setattr(database_outage, "LIMIT", 0)
    with pytest.raises(exc.OperationalError):
        begin_again(loop)(SimpleNamespace(executors=[]))
    assert len(rounds) == 1


def test_other_errors_end_the_scheduler() -> None:
    def loop(_: Any) -> None:
        raise ValueError("a fault")

    with pytest.raises(ValueError, match="a fault"):
        begin_again(loop)(SimpleNamespace(executors=[]))


def test_scheduler_that_another_calls_dead_exits(monkeypatch: pytest.MonkeyPatch) -> None:
    def loop(_: Any) -> None:
        raise OUTAGE

    monkeypatch.setattr(database_outage, "PAUSE", 0)
    monkeypatch.setattr(database_outage, "write_heartbeat", lambda _: False)
    with pytest.raises(exc.OperationalError):
        begin_again(loop)(SimpleNamespace(executors=[], job=None))


BEFORE = datetime(2026, 1, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize(("state", "alive"), [("running", True), ("failed", False), ("restarting", False)])
def test_heartbeat_is_written_for_a_living_scheduler(
    state: str, alive: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow import settings
    from airflow.jobs.job import Job

    engine = create_engine(f"sqlite:///{tmp_path / 'airflow.db'}")
    monkeypatch.setattr(settings, "engine", engine)
    monkeypatch.setattr(settings, "Session", scoped_session(sessionmaker(engine)))
    job = SimpleNamespace(id=1, latest_heartbeat=BEFORE)
    take_loss()  # of an earlier test
    assert write_heartbeat(job) is None  # without the table
    Job.__table__.create(engine)
    with engine.begin() as connection:
        connection.execute(insert(Job).values(id=1, state=state, latest_heartbeat=BEFORE))
    assert write_heartbeat(job) is alive
    with engine.connect() as connection:
        written = connection.execute(select(Job.latest_heartbeat)).scalar_one()
    assert written is not None
    assert (written > BEFORE, job.latest_heartbeat > BEFORE) == (alive, alive)
    assert take_loss() == (BEFORE.timestamp() if alive else None)
