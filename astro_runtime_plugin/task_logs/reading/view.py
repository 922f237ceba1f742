"""What can be read of logs on this machine: the store's objects, and what local files have beyond them.

A local file is the whole log, or the rest of it that the shipper has not sent yet. It takes part as if it were one more
chunk, so that each byte is read once, from wherever it is.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NoReturn

from astro_runtime_plugin.task_logs.layout import StoredObject, chunk_key, end_of, log_path
from astro_runtime_plugin.task_logs.shipping.spool import FOLDER, Spool
from astro_runtime_plugin.task_logs.stores.store import LogStore, StoreError

Objects = list[StoredObject]  # within the class, `list` is its method


class LogView(LogStore):
    """A store and this machine's log folder, for reading only. `store` is None if there is none or it is away."""

    def __init__(self, store: LogStore | None, log_folder: str | Path) -> None:
        self.store = store
        self.log_folder = Path(log_folder)
        self.problem: StoreError | None = None
        self._local: dict[
            str, tuple[Path, int]
        ] = {}  # key → file, and where in it the bytes of the key begin

    def list(self, prefix: str) -> Objects:
        """Return the objects whose keys begin with `prefix`, and local files; a store that fails has none."""
        objects = self._stored(prefix)
        paths = {log_path(stored.key) for stored in objects} | set(local_logs(self.log_folder, prefix))
        for path in sorted(paths):
            objects += self._unsent(path, [stored for stored in objects if log_path(stored.key) == path])
        return objects

    def read(self, key: str, start: int, end: int) -> bytes:
        """Return bytes of an object, or of the local file that stands for it."""
        file, position = self._local.get(key, (None, 0))
        if file is None:
            return self._stored_bytes(key, start, end)
        with open(file, "rb") as source:
            source.seek(position + start)
            return source.read(end - start)

    def size(self, key: str) -> int | None:
        """Return the size of an object that was listed."""
        return next((stored.size for stored in self.list(key) if stored.key == key), None)

    def is_local(self, key: str) -> bool:
        """Whether the bytes of a listed key come from a local file."""
        return key in self._local

    def put_new(self, key: str, data: bytes) -> NoReturn:
        """Refuse: a view is for reading."""
        raise StoreError("a view of logs is for reading only")

    def put(self, key: str, source: BinaryIO, replaced: StoredObject | None = None) -> NoReturn:
        """Refuse: a view is for reading."""
        raise StoreError("a view of logs is for reading only")

    def delete(self, keys: Sequence[str]) -> NoReturn:
        """Refuse: a view is for reading."""
        raise StoreError("a view of logs is for reading only")

    def _stored_bytes(self, key: str, start: int, end: int) -> bytes:
        if self.store is None:
            raise StoreError("there is no store")
        try:
            return self.store.read(key, start, end)
        except StoreError as error:
            self.problem = error
            raise

    def _stored(self, prefix: str) -> Objects:
        if self.store is None or self.problem:
            return []
        try:
            return self.store.list(prefix)
        except StoreError as error:
            self.problem = error
            return []

    def _unsent(self, path: str, stored: Objects) -> Objects:
        """Return an object for what the local file has beyond the stored end of the log, if it has more."""
        file, end = self.log_folder / path, end_of(path, stored)
        with suppress(OSError):
            status = file.stat()
            position = self._position(path, end)
            if position is not None and position < status.st_size:
                key = chunk_key(path, end)
                self._local[key] = file, position
                return [StoredObject(key, status.st_size - position, status.st_mtime)]
        return []

    def _position(self, path: str, end: int) -> int | None:
        """Return where in the local file the log's byte `end` is; None if the file has nothing to add."""
        for spool in spools(self.log_folder):
            entry, progress = spool.entry(path), spool.progress(path)
            if entry and progress and progress.parts and progress.generation == entry.generation:
                part = progress.parts[-1]
                return max(part.local, part.local + end - part.stored)
        return 0 if end == 0 else None


def spools(log_folder: Path) -> list[Spool]:
    """Return the spools of all hosts that share the log folder."""
    with suppress(OSError):
        return [Spool(log_folder, name) for name in sorted(os.listdir(log_folder / FOLDER))]
    return []


def local_logs(log_folder: Path, prefix: str) -> list[str]:
    """Return the log files whose relative paths begin with `prefix`, at most one folder deep."""
    folder, _, name = prefix.rpartition("/")
    with suppress(OSError), os.scandir(log_folder / folder) as entries:
        names = [entry.name for entry in entries if entry.name.startswith(name) and entry.is_file()]
        return [f"{folder}/{name}" if folder else name for name in sorted(names)]
    return []
