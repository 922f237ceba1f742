"""What the components of a system use over time: memory, and connections to the database."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import psutil  # type: ignore[import-untyped]

from testing.faults.system import AirflowSystem

LASTING_SECONDS = 60  # processes that are younger are those of tasks and DAG files


class UsageSample(NamedTuple):
    """The use at a time in seconds since the start: by component, bytes of memory, connections, and its starts.

    The memory is that of all processes that last; each has its part of what it shares with others.
    """

    seconds: float
    memory: Mapping[str, int]
    connections: Mapping[str, int]
    starts: Mapping[str, int]


class UsageRecorder:
    """Samples a system at intervals, until `stop`; each sample is a line of a file as soon as it is there."""

    def __init__(self, system: AirflowSystem, path: Path, interval: float) -> None:
        self._system, self._path, self._interval = system, path, interval
        self._start = time.monotonic()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._record, daemon=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
        self._thread.start()

    @property
    def seconds(self) -> float:
        """Return the time since the start."""
        return time.monotonic() - self._start

    def stop(self) -> list[UsageSample]:
        """Stop, and return all samples."""
        self._stopping.set()
        self._thread.join(60)
        return [UsageSample(*json.loads(line)) for line in self._path.read_text().splitlines()]

    def _record(self) -> None:
        while not self._stopping.wait(self._interval):
            sample = UsageSample(self.seconds, *take_sample(self._system))
            with open(self._path, "a") as file:
                file.write(json.dumps(sample) + "\n")


def take_sample(system: AirflowSystem) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    """Return memory, connections and starts by component."""
    connections = connections_by_process(system.gates.database.port, system.lone_gates.database.port)
    memory_by_name, connections_by_name = {}, {}
    for name, component in system.components.items():
        family = component.family()
        memory_by_name[name] = sum(lasting_memory(family[:1], 0)) + sum(
            lasting_memory(family[1:], LASTING_SECONDS)
        )
        connections_by_name[name] = sum(connections[process.pid] for process in family)
    starts = {name: component.starts for name, component in system.components.items()}
    return memory_by_name, connections_by_name, starts


def lasting_memory(processes: list[psutil.Process], seconds: float) -> Iterator[int]:
    """Yield the memory, in bytes, of the processes that are older than some seconds."""
    for process in processes:
        with contextlib.suppress(psutil.Error, OSError):
            if time.time() - process.create_time() >= seconds:
                yield proportional_memory(process.pid)


def proportional_memory(pid: int) -> int:
    """Return the resident memory of a process, in bytes, with its part of what it shares."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def connections_by_process(*ports: int) -> Counter[int]:
    """Return how many connections to ports of this machine each process has."""
    return Counter(
        connection.pid
        for connection in psutil.net_connections("tcp")
        if connection.status == psutil.CONN_ESTABLISHED and connection.raddr.port in ports
    )
