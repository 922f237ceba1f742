"""The processor time of the servers that this process has started."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]

SERVERS = ("redis-server", "beam.smp", "postgres")


def server_seconds() -> float:
    """Return the processor time of the brokers and databases so far, in seconds."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess, OSError):
            if process.name() in SERVERS:
                total += sum(map(thread_seconds, Path(f"/proc/{process.pid}/task").iterdir()))
    return total


def thread_seconds(folder: Path) -> float:
    """Return the processor time of a thread, to the nanosecond; psutil has it to the hundredth of a second."""
    return int((folder / "schedstat").read_text().split()[0]) / 1e9


class BlockCost:
    """What a block has cost: the processor time of this process and of the servers, and wall time, in seconds."""

    processor = servers = wall = 0.0


@contextmanager
def measure_cost() -> Iterator[BlockCost]:
    """Yield what the block costs, which is known at its end."""
    cost = BlockCost()
    servers, wall, processor = server_seconds(), time.monotonic(), time.process_time()
    yield cost
    cost.processor = time.process_time() - processor
    cost.wall = time.monotonic() - wall
    cost.servers = server_seconds() - servers
