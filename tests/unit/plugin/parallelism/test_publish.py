"""When a scheduler's row is written: each write is a query of the Runtime's own to the metadata database."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
from pytest_mock import MockerFixture

from astro_runtime_plugin.database import state
from astro_runtime_plugin.parallelism.limit import LimitState, Worker
from astro_runtime_plugin.parallelism.publish import SAVE_SECONDS, SchedulerRowWriter
from entrypoint.capacity import Calculation

A, B = Worker("a@one", 16, ("default",)), Worker("b@two", 4, ("default", "gpu"))


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def writer(clock: Clock) -> SchedulerRowWriter:
    return SchedulerRowWriter(clock)


@pytest.fixture
def put(mocker: MockerFixture) -> Mock:
    return mocker.patch.object(state, "put")


def limit_of(*workers: Worker) -> LimitState:
    limit = LimitState(Calculation(32, "no worker has answered"), lambda _: None)
    limit.update(list(workers))
    return limit


def test_unchanged_row_is_written_again_before_it_gets_old(
    writer: SchedulerRowWriter, clock: Clock, put: Mock
) -> None:
    for clock.seconds in (0, 5, SAVE_SECONDS - 1, SAVE_SECONDS, 2 * SAVE_SECONDS - 1, 2 * SAVE_SECONDS):
        writer.save(limit_of(A))
    assert put.call_count == 3


def test_changed_row_is_written_at_once(writer: SchedulerRowWriter, put: Mock) -> None:
    for workers in ([A], [A], [A, B], [A, B], [B]):
        writer.save(limit_of(*workers))
    assert [len(call.args[2]["workers"]) for call in put.call_args_list] == [1, 2, 1]


def test_row_that_could_not_be_written_is_tried_again(writer: SchedulerRowWriter, put: Mock) -> None:
    put.side_effect = [OSError("away"), None]
    with pytest.raises(OSError, match="away"):
        writer.save(limit_of(A))
    writer.save(limit_of(A))
    assert put.call_count == 2
