"""What a running task's log costs the shipper: processor time and requests, and what a lost machine takes along.

The log is written by this process, and by one of its own where it is killed; a real shipper sends it to a real S3
server on the same machine.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

import psutil  # type: ignore[import-untyped]

from astro_runtime_plugin.task_logs.reading import reader
from astro_runtime_plugin.task_logs.shipping.loop import STATUS_SECONDS
from testing.s3_server import BUCKET, S3Server
from testing.task_logs import Machine, machine
from testing.waiting import wait_until

PATH = "dag_id=dag/run_id=run/task_id=task/attempt=1.log"
LINE = b"x" * 99 + b"\n"
STEP_SECONDS = 0.01
RATES = (0, 10, 1000, 10000)  # lines a second
SECONDS, ROUNDS = 6.0, 2
FAST = RATES[-1]
DEATHS, LIFE_SECONDS = 6, (1.5, 2.5)
WRITE = "import sys; from bench.task_logs import shipping; shipping.write_file(*sys.argv[1:])"


class Cost(NamedTuple):
    """The share of a core, and requests a minute."""

    share: float
    requests: float


def write(file: BinaryIO, rate: int, seconds: float) -> None:
    """Write so many lines a second."""
    started, written = time.monotonic(), 0
    while (passed := time.monotonic() - started) < seconds:
        due = int(passed * rate) - written
        file.write(LINE * due)
        written += due
        time.sleep(STEP_SECONDS)


def write_file(path: str, rate: str, seconds: str) -> None:
    """Write so many lines a second to a file; for a process of its own."""
    with open(path, "ab", buffering=0) as file:
        write(file, int(rate), float(seconds))


def costs(server: S3Server) -> dict[int, Cost]:
    """Return what the shipper of one log costs at each of RATES, the least of interleaved ROUNDS."""
    with shipped_log(server, "costs") as (shipping, process), shipping.file(PATH).open("ab", 0) as file:
        write(file, FAST, 1.0)  # the first chunk opens the store
        measured = [(rate, cost(shipping, process, file, rate)) for _ in range(ROUNDS) for rate in RATES]
    return {rate: min(each for other, each in measured if other == rate) for rate in RATES}


def cost(shipping: Machine, process: psutil.Process, file: BinaryIO, rate: int) -> Cost:
    """Return what the shipper costs while so many lines a second are written."""
    time.sleep(STATUS_SECONDS)  # until what was written before is in the store, and in the status
    requests, before, started = shipping.status.requests, process.cpu_times(), time.monotonic()
    write(file, rate, SECONDS)
    after, passed = process.cpu_times(), time.monotonic() - started
    seen = shipping.status.updated
    wait_until(lambda: shipping.status.updated > seen)
    used = after.user + after.system - before.user - before.system
    return Cost(max(0.0, used) / passed, (shipping.status.requests - requests) * 60 / passed)


def bytes_lost_with_machine(server: S3Server) -> list[int]:
    """Return how many bytes of a log are lost each time a machine goes while FAST lines a second are written."""
    return [bytes_lost(server, f"death-{number}") for number in range(DEATHS)]


def bytes_lost(server: S3Server, name: str) -> int:
    """Return how many bytes are lost when writer and shipper are killed."""
    with shipped_log(server, name) as (shipping, process):
        path, store = shipping.file(PATH), server.store(shipping.url)
        writer = subprocess.Popen([sys.executable, "-c", WRITE, str(path), str(FAST), "600"])
        try:
            wait_until(lambda: reader.log_size(store, PATH), pause=0.05)
            time.sleep(random.uniform(*LIFE_SECONDS))
        finally:
            process.kill()
            writer.kill()
            writer.wait()
        return path.stat().st_size - reader.log_size(store, PATH)


@contextmanager
def shipped_log(server: S3Server, name: str) -> Iterator[tuple[Machine, psutil.Process]]:
    """Yield a machine that has a log at PATH, and its shipper."""
    url = f"s3://{BUCKET}/{name}"
    with tempfile.TemporaryDirectory() as home, machine(Path(home), url, server.environ()) as shipping:
        shipping.spool.register(PATH)
        yield shipping, psutil.Process(shipping.ship().process.pid)
