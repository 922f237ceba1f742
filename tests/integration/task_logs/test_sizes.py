"""Large logs, long and binary lines, and many logs at once."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from astro_runtime_plugin.task_logs.reading import reader
from testing.entrypoint_process import CHECKOUT, GC_VARIABLE
from testing.task_log_writer import lines
from testing.task_logs import keys, stored, until_stored
from tests.integration.task_logs.conftest import Machines, Place

PATH = "dag_id=d/run_id=r/task_id=t/attempt=1.log"
MEGABYTE = 1024 * 1024
MAX_MEMORY = 16 * MEGABYTE
# Prints by how much the peak of the memory has grown, in bytes, and the last line.
READ_END = """
import sys
from collections import deque
from astro_runtime_plugin.task_logs.reading import reader
from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.stores.store import open_store


def peak():
    words = open("/proc/self/status").read().split()
    return int(words[words.index("VmHWM:") + 1]) * 1024

store = open_store(TaskLogSettings(url=sys.argv[1]))
deque(reader.tail(store, sys.argv[2], 1000), maxlen=1)
before = peak()
last = deque(reader.{call}, maxlen=1)[0]
print(peak() - before, last.data.decode())
"""


@pytest.mark.parametrize(
    "call", ["tail(store, sys.argv[2], 1_000_000)", "stream_lines(store, sys.argv[2])"], ids=["end", "all"]
)
def test_long_log_is_shipped_and_read_in_constant_memory(place: Place, machines: Machines, call: str) -> None:
    # Memory is measured: with Python's own garbage collector.
    machine = machines(place, environ={**place.environ, GC_VARIABLE: "700"})
    with machine.file(PATH).open("wb") as file:
        for _ in range(100):
            file.write(os.urandom(MEGABYTE // 2).hex().encode()[:-1] + b"\n")
        file.write(b"the last line\n")
    machine.spool.register(PATH)
    machine.spool.end(PATH)
    shipper = machine.ship()
    machine.wait_shipped()
    peak = peak_memory(shipper.process.pid)  # before it ends: it has nothing to do any more
    assert place.store.size(PATH) == machine.file(PATH).stat().st_size
    command = [sys.executable, "-c", READ_END.format(call=call), place.url, PATH]
    read = subprocess.run(command, cwd=CHECKOUT, env=machine.environment, capture_output=True, text=True)
    grown, _, last = read.stdout.partition(" ")
    assert last == "the last line\n", read.stderr
    assert int(grown) < MAX_MEMORY
    assert peak < 150 * MEGABYTE


def peak_memory(pid: int) -> int:
    """Return the peak of a process, in bytes. That of `wait4` begins with the memory of the process that forked it."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) * 1024


def test_binary_and_long_lines_arrive_as_they_are(place: Place, machines: Machines) -> None:
    written = b"".join(
        (
            b"\x00\xff\xfe\r\n",
            "ünïcödé 🚀\n".encode(),
            os.urandom(MEGABYTE) + b"\n",
            b"x" * MEGABYTE + b"\n",
            b"\n\n end",
        )
    )
    machine = machines(place)
    machine.file(PATH).write_bytes(written)
    machine.spool.register(PATH)
    machine.ship()
    until_stored(place.store, PATH, lambda log: log == written)
    machine.spool.end(PATH)
    machine.wait_shipped()
    assert stored(place.store, PATH) == written
    streamed = [line.data for line in reader.stream_lines(place.store, PATH)]
    assert streamed == written.split(b"\n")


def test_many_logs_at_once_are_whole(place: Place, machines: Machines) -> None:
    machine = machines(place)
    paths = [f"dag_id=d/run_id=r/task_id=t/map_index={index}/attempt=1.log" for index in range(50)]
    for path in paths:
        machine.file(path)
        machine.spool.register(path)
    machine.ship()
    for _ in range(5):
        for index, path in enumerate(paths):
            with machine.file(path).open("ab") as file:
                file.write(lines(200, name=f"log {index}"))
    for path in paths:
        machine.spool.end(path)
    machine.wait_shipped()
    for index, path in enumerate(paths):
        assert stored(place.store, path) == 5 * lines(200, name=f"log {index}")
    assert keys(place.store) == sorted(paths)
