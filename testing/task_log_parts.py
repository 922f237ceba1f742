"""Machines that write the log of one try at once, in one process: a test says which goes on, until its next request.

Each machine has a log folder, a spool and a shipment of its own, and stops before and after each request to the store.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, TypeVar

from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]

from astro_runtime_plugin.task_logs.layout import StoredObject, covered_chunks
from astro_runtime_plugin.task_logs.reading.reader import Line, stream_lines
from astro_runtime_plugin.task_logs.shipping.leftovers import MIN_AGE_SECONDS, delete_leftovers
from astro_runtime_plugin.task_logs.shipping.shipment import Shipment
from astro_runtime_plugin.task_logs.shipping.spool import Spool
from astro_runtime_plugin.task_logs.stores.file_systems import FolderStore
from astro_runtime_plugin.task_logs.stores.store import ChangedError, LogStore

PATH = "dag/attempt=1.log"
URL = "file:///store"
Answer = TypeVar("Answer")
MAX_STEPS = 2000  # of a machine, until it must have finished


class SteppedClock:
    """Seconds since the epoch, for machines and store."""

    now = 1e9

    def __call__(self) -> float:
        return self.now


def pause() -> None:
    """Let others go on."""
    parent = getcurrent().parent
    if parent is not None:
        parent.switch()


class TurnStore(LogStore):
    """A store that lets others go on before and after each request; its objects have the times of a clock."""

    def __init__(self, store: LogStore, clock: SteppedClock) -> None:
        self._store, self._clock = store, clock
        self._times: dict[str, float] = {}

    def put_new(self, key: str, data: bytes) -> bool:
        return self._turn(lambda: self._timed(key, self._store.put_new(key, data)))

    def put(self, key: str, source: BinaryIO, replaced: StoredObject | None = None) -> None:
        self._turn(lambda: self._timed(key, self._store.put(key, source, replaced)))

    def list(self, prefix: str) -> list[StoredObject]:
        found = self._turn(lambda: self._store.list(prefix))
        return [stored._replace(modified=self._times[stored.key]) for stored in found]

    def read(self, key: str, start: int, end: int) -> bytes:
        return self._turn(lambda: self._store.read(key, start, end))

    def delete(self, keys: Sequence[str]) -> None:
        self._turn(lambda: self._store.delete(keys))

    def size(self, key: str) -> int | None:
        return self._turn(lambda: self._store.size(key))

    def _turn(self, request: Callable[[], Answer]) -> Answer:
        pause()
        answer = request()
        pause()
        return answer

    def _timed(self, key: str, answer: Answer) -> Answer:
        if answer is not False:
            self._times[key] = self._clock()
        return answer


class PartMachine:
    """A machine that writes lines into the log of the try, and ships them."""

    def __init__(self, home: Path, name: str, store: TurnStore, clock: SteppedClock) -> None:
        self.name, self.lines = name, list[str]()
        self.is_lost = self.has_ended = False
        self._store, self._clock = store, clock
        self._spool = Spool(home / name)
        self._file = self._spool.log_file(PATH)
        self._file.parent.mkdir(parents=True)
        self.begin()
        self.start()

    def begin(self) -> None:
        """Begin the log, or another part of it."""
        self._spool.register(PATH)
        self.has_ended = False

    @property
    def has_finished(self) -> bool:
        """Whether the log has been put together."""
        return self._spool.entry(PATH) is None

    def start(self) -> None:
        """Start the shipper, in place of the one that runs."""
        self._work = greenlet(self._ship)

    def write(self) -> None:
        """Append a line, unless the log has ended."""
        if not (self.has_ended or self.is_lost):
            self.lines.append(f"{self.name} {len(self.lines)}")
            with self._file.open("a") as file:
                file.write(f"{self.lines[-1]}\n")

    def end(self) -> None:
        """End the log."""
        self.has_ended = True

    def lose(self) -> None:
        """Lose the machine with its disk."""
        self.is_lost = True

    def step(self) -> None:
        """Go on until the next request, or its answer."""
        if not self.is_lost:
            self._work.switch()

    def finish(self) -> None:
        """Go on until the log has been put together."""
        self.end()
        for _ in range(MAX_STEPS):
            if self.has_finished or self.is_lost:
                return
            self.step()
        raise AssertionError(f"{self.name} does not come to an end")

    def clean(self) -> None:
        """Delete what the machine has left behind, if it is time."""
        if not self.is_lost:
            delete_leftovers(self._spool, self._store, URL, self._clock())

    def _ship(self) -> None:
        shipment = None
        while True:
            entry, has_ended = self._spool.entry(PATH), self.has_ended
            if entry is None:
                shipment = None
                self.clean()
            else:
                shipment = shipment or Shipment(self._spool, self._store, URL, entry, clock=self._clock)
                shipment.entry = entry
                with suppress(ChangedError, FileNotFoundError):
                    if not shipment.ship() and has_ended and not shipment.pending():
                        shipment.finish()
            pause()


class Parts:
    """Several machines, their store and their time."""

    def __init__(self, home: Path, count: int) -> None:
        self.clock = SteppedClock()
        self.store = TurnStore(FolderStore(str(home / "store")), self.clock)
        self.machines = [PartMachine(home, f"machine{n}", self.store, self.clock) for n in range(count)]

    def wait(self) -> None:
        """Let the time pass after which chunks go that were left behind."""
        self.clock.now += MIN_AGE_SECONDS + 1

    def clean(self) -> None:
        """Delete what was left behind."""
        self.wait()
        for machine in self.machines:
            machine.clean()

    def log(self) -> list[Line]:
        """Return the log as the store has it."""
        return list(stream_lines(self.store, PATH))

    def covered(self) -> list[str]:
        """Return the chunks of which nothing is read, since the whole object has it."""
        return [stored.key for _, stored in covered_chunks(PATH, self.store.list(PATH))]
