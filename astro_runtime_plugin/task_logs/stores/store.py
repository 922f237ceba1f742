"""Where task logs are kept: what a store does, and which one a URL means.

Everything has a time-out. What a store cannot do raises StoreError, whose text contains no secret.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO, NamedTuple

from astro_runtime_plugin.task_logs.layout import StoredObject
from astro_runtime_plugin.task_logs.settings import TaskLogSettings

BLOCK_BYTES = 64 * 1024
UPLOAD_BYTES = 8 * 1024 * 1024  # of a large object, what is in memory at a time


class Patience(NamedTuple):
    """How long a client waits for a server, and how often it asks; the times are seconds."""

    connect_seconds: float = 5.0
    read_seconds: float = 15.0  # between two pieces of an answer
    attempts: int = 2


SHIPPERS = Patience()  # it asks again later


class StoreError(Exception):
    """A store could not be reached, or refused."""


class ChangedError(StoreError):
    """Another process has written or deleted the object meanwhile."""


@contextmanager
def store_errors(describe: Callable[[Exception], str | None]) -> Iterator[None]:
    """Turn what a library raises into StoreError: with `describe`'s text or its type; its message may have a secret."""
    try:
        yield
    except (StoreError, FileNotFoundError, EOFError):
        raise
    except Exception as error:
        raise StoreError(describe(error) or type(error).__name__) from error


class LogStore(ABC):
    """Objects by key; a key is a path below the prefix of the store's URL.

    Each method raises StoreError when the store cannot do it. `requests` counts what went to a server so far.
    """

    requests = 0

    @abstractmethod
    def put_new(self, key: str, data: bytes) -> bool:
        """Write an object in one step; return False, and change nothing, if it exists."""

    @abstractmethod
    def put(self, key: str, source: BinaryIO, replaced: StoredObject | None = None) -> None:
        """Write an object, or replace `replaced`, in one step for readers, with what `source` yields.

        What `source` raises as EOFError goes to the caller.

        Raises ChangedError if there is another object than `replaced` by now, where the store can tell.
        """

    @abstractmethod
    def list(self, prefix: str) -> list[StoredObject]:
        """Return the objects whose keys begin with `prefix`."""

    def walk(self, prefix: str = "") -> Iterator[StoredObject]:
        """Yield the same sorted by key, from a store that sorts them page by page. Objects may be deleted meanwhile."""
        yield from sorted(self.list(prefix))

    @abstractmethod
    def read(self, key: str, start: int, end: int) -> bytes:
        """Return the bytes from `start` to `end` at most. Raises FileNotFoundError if there is no such object."""

    @abstractmethod
    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; one that does not exist is no error."""

    @abstractmethod
    def size(self, key: str) -> int | None:
        """Return the size of an object in bytes, or None if it does not exist."""


def open_store(settings: TaskLogSettings, patience: Patience = SHIPPERS) -> LogStore:
    """Return the store that the settings name. Raises StoreError if its library or connection is missing.

    `patience` is for servers; a folder takes as long as the operating system waits.
    """
    from astro_runtime_plugin.task_logs.stores import clouds, file_systems, s3

    scheme, _, place = settings.url.partition("://")
    if scheme == "s3":
        return s3.open_s3(place, settings.conn_id, patience)
    if scheme == "file":
        return file_systems.open_folder(place)
    return clouds.open_cloud(scheme, place, settings.conn_id, patience)
