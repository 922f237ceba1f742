"""The store is away or refuses, or the disk is full: the writer goes on, and nothing is lost."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator

import pytest

from testing.s3_server import READ_ONLY_KEY, READ_ONLY_SECRET, S3Server, s3_server
from testing.servers import free_port
from testing.task_log_writer import lines
from testing.task_logs import keys, stored, until_stored
from testing.waiting import read_until, wait_until
from tests.integration.task_logs.conftest import Machines, Place

PATH = "dag_id=d/run_id=r/task_id=t/attempt=1.log"
AWAY_SECONDS = 60
WAITING = "astro-runtime: task logs wait on this machine: "


@pytest.fixture
def own_s3() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


def test_store_that_was_away_gets_every_line(own_s3: S3Server, s3_place: Place, machines: Machines) -> None:
    place = Place(s3_place.url, own_s3.environ(), s3_place.store)
    store = own_s3.store(place.url)
    machine = machines(place)
    machine.ship()
    with machine.write(PATH, "lines=4000", "pause=0.015", "wait=500") as writer:
        until_stored(store, PATH, len)
        own_s3.stop()
        away = time.monotonic()
        wait_until(lambda: time.monotonic() - away > AWAY_SECONDS and machine.status.problem)
        assert writer.poll() is None
        assert machine.status.pending_bytes > 0
        own_s3.start()
        assert "ended True" in read_until(writer.stdout, "ended")
    assert stored(store, PATH) == lines(4000)
    assert keys(store) == [PATH]
    assert machine.problems().count(WAITING) == 1


def test_refused_log_waits_on_the_disk(s3: S3Server, s3_place: Place, machines: Machines) -> None:
    refused = s3.environ(READ_ONLY_KEY, READ_ONLY_SECRET)
    machine = machines(s3_place, environ=refused)
    shipper = machine.ship()
    writer = machine.write(PATH, "lines=3000", "wait=1")
    assert "ended False" in writer.communicate(timeout=300)[0]
    wait_until(lambda: machine.problems())
    assert machine.problems() == f"{WAITING}PutObject: AccessDenied\n"
    wait_until(lambda: machine.status.pending_bytes == len(lines(3000)))
    shipper.kill()
    machine.ship(environ=s3.environ())
    machine.wait_shipped()
    assert stored(s3_place.store, PATH) == lines(3000)


@pytest.mark.parametrize(
    ("access_key", "secret_key", "port"),
    [("nobody", "nothing", 0), ("access-of-tests", "a wrong secret", 0), ("nobody", "nothing", free_port())],
    ids=["unknown key", "wrong secret", "nobody listens"],
)
def test_writer_does_not_wait_for_a_store_that_refuses(
    s3: S3Server, s3_place: Place, machines: Machines, access_key: str, secret_key: str, port: int
) -> None:
    environ = s3.environ(access_key, secret_key)
    if port:
        environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{port}"
    machine = machines(s3_place, environ=environ)
    machine.ship()
    writer = machine.write(PATH, "lines=100", "wait=0")
    assert "ended False" in writer.communicate(timeout=300)[0]
    assert machine.file(PATH).read_bytes() == lines(100)
    wait_until(lambda: machine.problems())
    assert secret_key not in machine.problems()
    assert machine.problems().count("\n") == 1


def test_full_disk_does_not_keep_a_log_from_the_store(s3_place: Place, machines: Machines) -> None:
    machine = machines(s3_place)
    machine.file(PATH).write_bytes(lines(60000))
    machine.spool.register(PATH)
    machine.spool.end(PATH)
    shipper = machine.ship()
    # Each write of the shipper to a file fails from now on, as on a full volume.
    resource.prlimit(shipper.process.pid, resource.RLIMIT_FSIZE, (0, 0))
    machine.wait_shipped()
    assert stored(s3_place.store, PATH) == lines(60000)
    assert keys(s3_place.store) == [PATH]


def test_writer_without_room_for_its_entry_is_shipped_at_its_end(place: Place, machines: Machines) -> None:
    machine = machines(place)
    file = machine.logs / ".astro-runtime"
    file.write_text("in the way of the spool's folder")
    with machine.write(PATH, "lines=100", "hold") as writer:
        read_until(writer.stdout, "written")
        file.unlink()
        writer.communicate("\n", timeout=300)
    machine.wait_shipped()
    assert stored(place.store, PATH) == lines(100)


def test_writer_without_a_store_leaves_nothing_behind(folder_place: Place, machines: Machines) -> None:
    machine = machines(Place("", {}, folder_place.store))
    writer = machine.write(PATH, "lines=10", "wait=0")
    assert writer.communicate(timeout=300)[0].split() == ["begun", "ended", "False"]
    assert [found.name for found in machine.logs.iterdir()] == ["dag_id=d"]
