"""A try in parts: on several machines, in one file, in a file that is emptied; each line once, in order."""

from __future__ import annotations

import os
from collections import Counter

from astro_runtime_plugin.task_logs.shipping.shipment import Shipment
from testing.task_log_writer import lines
from testing.task_logs import Machine, keys, stored, until_stored
from tests.integration.task_logs.conftest import Machines, Place

PATH = "dag_id=d/run_id=r/task_id=t/attempt=1.log"


def write_part(machine: Machine, name: str, count: int = 500) -> None:
    writer = machine.write(PATH, f"lines={count}", f"name={name}")
    assert "ended True" in writer.communicate(timeout=300)[0]


def test_part_on_another_machine_continues_the_log(place: Place, machines: Machines) -> None:
    write_part(machines(place, "a"), "first")
    write_part(machines(place, "b"), "second")
    assert stored(place.store, PATH) == lines(500, name="first") + lines(500, name="second")
    assert keys(place.store) == [PATH]


def test_part_that_returns_to_its_machine_continues_the_log(place: Place, machines: Machines) -> None:
    here, there = machines(place, "a"), machines(place, "b")
    for machine, name in ((here, "first"), (there, "second"), (here, "third"), (there, "fourth")):
        write_part(machine, name, 300)
    expected = b"".join(lines(300, name=name) for name in ("first", "second", "third", "fourth"))
    assert stored(place.store, PATH) == expected
    assert keys(place.store) == [PATH]


def test_part_in_the_same_file_continues_the_log(place: Place, machines: Machines) -> None:
    machine = machines(place)
    write_part(machine, "first")
    write_part(machine, "second")
    assert stored(place.store, PATH) == machine.file(PATH).read_bytes()
    assert keys(place.store) == [PATH]


def test_part_in_a_file_that_was_emptied_at_the_end_continues_the_log(
    place: Place, machines: Machines
) -> None:
    machine = machines(place)
    write_part(machine, "first")
    os.truncate(machine.file(PATH), 0)
    write_part(machine, "second")
    assert stored(place.store, PATH) == lines(500, name="first") + lines(500, name="second")


def test_file_that_is_emptied_and_grows_beyond_continues_the_log(place: Place, machines: Machines) -> None:
    machine = machines(place)
    file = machine.file(PATH)
    file.write_bytes(lines(100, name="first"))
    machine.spool.register(PATH)
    machine.ship()
    until_stored(place.store, PATH, lambda log: log == lines(100, name="first"))
    part = file.with_name("part")
    part.write_bytes(lines(5000, name="second"))
    part.replace(file)  # in one step: nobody sees a file that is smaller than before
    expected = lines(100, name="first") + lines(5000, name="second")
    until_stored(place.store, PATH, lambda log: log == expected)
    machine.spool.end(PATH)
    machine.wait_shipped()
    assert stored(place.store, PATH) == expected
    assert keys(place.store) == [PATH]


def test_deleted_file_leaves_what_was_shipped(place: Place, machines: Machines) -> None:
    machine = machines(place)
    machine.file(PATH).write_bytes(lines(100))
    machine.spool.register(PATH)
    machine.ship()
    until_stored(place.store, PATH, lambda log: log == lines(100))
    machine.file(PATH).unlink()
    machine.spool.end(PATH)
    machine.wait_shipped()
    assert stored(place.store, PATH) == lines(100)
    assert keys(place.store) == [PATH]


def test_log_of_an_earlier_shipper_is_not_shipped_again(place: Place, machines: Machines) -> None:
    machine = machines(place)
    write_part(machine, "first")
    machine.kill_shippers()
    for file in machine.spool.folder.iterdir():
        file.unlink()
    write_part(machine, "second")
    assert stored(place.store, PATH) == lines(500, name="first") + lines(500, name="second")


def test_parts_at_once_lose_and_double_no_line(place: Place, machines: Machines) -> None:
    names = [f"machine {number}" for number in range(4)]
    words = ("lines=400", "pause=0.005")
    parts = [machines(place, name) for name in names]
    writers = [part.write(PATH, *words, f"name={name}") for part, name in zip(parts, names, strict=True)]
    for writer in writers:
        assert "ended True" in writer.communicate(timeout=300)[0]
    expected = Counter(line for name in names for line in lines(400, name=name).splitlines())
    assert Counter(stored(place.store, PATH).splitlines()) == expected
    for part in parts:
        part.delete_leftovers()
    assert Counter(stored(place.store, PATH).splitlines()) == expected
    assert keys(place.store) == [PATH]


def test_chunks_of_a_lost_machine_go_when_nobody_can_need_them(place: Place, machines: Machines) -> None:
    lost, other = machines(place, "a"), machines(place, "b")
    writer = lost.write(PATH, "lines=500", "name=first", "hold")
    until_stored(place.store, PATH, lambda log: log == lines(500, name="first"))
    writer.kill()
    writer.wait(300)
    lost.lose()
    write_part(other, "second")
    expected = lines(500, name="first") + lines(500, name="second")
    assert stored(place.store, PATH) == expected
    other.delete_leftovers()
    assert keys(place.store) == [PATH]
    assert stored(place.store, PATH) == expected


def test_chunks_that_another_part_replaced_are_shipped_again(folder_place: Place, machines: Machines) -> None:
    """The other part ends between this one's last look and its chunk, which the whole object then hides."""
    here, there = machines(folder_place, "a"), machines(folder_place, "b")
    here.file(PATH).write_bytes(lines(10, name="first"))
    entry = here.spool.register(PATH)
    shipment = Shipment(here.spool, folder_place.store, folder_place.url, entry)
    shipment.ship()
    write_part(there, "second")
    with here.file(PATH).open("ab") as file:
        file.write(lines(10, name="third"))
    while shipment.pending():
        shipment.ship()
    here.spool.end(PATH)
    shipment.finish()
    expected = Counter(
        (lines(10, name="first") + lines(500, name="second") + lines(10, name="third")).split()
    )
    assert Counter(stored(folder_place.store, PATH).split()) == expected
    for part in (there, here):
        part.delete_leftovers()
    assert keys(folder_place.store) == [PATH]
    assert Counter(stored(folder_place.store, PATH).split()) == expected
