"""kill -9 of the writer of a log and of the shipper: no line is lost or doubled."""

from __future__ import annotations

import random
import time

import pytest

from testing.task_log_writer import lines
from testing.task_logs import keys, stored, until_stored
from testing.waiting import read_until
from tests.integration.task_logs.conftest import Machines, Place

PATH = "dag_id=d/run_id=r/task_id=t/attempt=1.log"
KILLED = "testing.killed_shipper"


def test_log_is_whole_at_the_end(place: Place, machines: Machines) -> None:
    writer = machines(place).write(PATH, "lines=3000")
    assert writer.communicate(timeout=300)[0].split() == ["begun", "ended", "True"]
    assert stored(place.store, PATH) == lines(3000)
    assert keys(place.store) == [PATH]


def test_running_log_is_in_the_store(place: Place, machines: Machines) -> None:
    # One line: others would be in a chunk of their own if the writer pauses.
    with machines(place).write(PATH, "lines=1", "hold") as writer:
        until_stored(place.store, PATH, lambda log: log == lines(1))
        assert keys(place.store) == [f"{PATH}.{0:012}"]
        writer.communicate("\n", timeout=300)
    assert keys(place.store) == [PATH]


def test_killed_writer_leaves_a_whole_log(place: Place, machines: Machines) -> None:
    machine = machines(place)
    writer = machine.write(PATH, "lines=3000", "hold")
    read_until(writer.stdout, "written")
    writer.kill()
    writer.communicate()
    machine.wait_shipped()
    assert stored(place.store, PATH) == lines(3000)
    assert keys(place.store) == [PATH]


@pytest.mark.parametrize(
    ("method", "moment", "count"),
    [
        ("put_new", "before", 1),
        ("put_new", "after", 1),
        ("put_new", "before", 2),
        ("put_new", "after", 2),
        ("put", "before", 1),
        ("put", "after", 1),
        ("size", "after", 1),
        ("delete", "before", 1),
        ("delete", "after", 1),
    ],
)
def test_killed_shipper_is_continued(
    place: Place, machines: Machines, method: str, moment: str, count: int
) -> None:
    machine = machines(place)
    machine.file(PATH).write_bytes(lines(60000))
    machine.spool.register(PATH)
    machine.spool.end(PATH)
    assert machine.ship(method, moment, str(count), module=KILLED).process.wait(300) == -9
    machine.file(PATH).open("ab").write(b"a last line\n")
    machine.ship()
    machine.wait_shipped()
    assert stored(place.store, PATH) == lines(60000) + b"a last line\n"
    assert keys(place.store) == [PATH]


def test_shipper_killed_again_and_again_loses_nothing(place: Place, machines: Machines) -> None:
    machine, chance = machines(place), random.Random(16)
    with machine.write(PATH, "lines=20000", "bytes=100", "pause=0.0002", "wait=0") as writer:
        while writer.poll() is None:
            shipper = machine.ship()
            time.sleep(chance.uniform(0.2, 1.2))
            shipper.kill()
        machine.ship()
        machine.wait_shipped()
    assert stored(place.store, PATH) == lines(20000, 100)
    assert keys(place.store) == [PATH]
