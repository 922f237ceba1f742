"""The store in a folder of a file system that machines share."""

# ruff: noqa: D102 - LogStore describes the methods

from __future__ import annotations

import contextlib
import fcntl
import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, BinaryIO

from astro_runtime_plugin.task_logs.layout import StoredObject
from astro_runtime_plugin.task_logs.stores.store import ChangedError, LogStore, store_errors

PARTS = ".astro-runtime-parts"  # of a folder, where objects are written before they get their names


def open_folder(place: str) -> LogStore:
    """Return the store at file://PLACE."""
    return FolderStore("/" + place.partition("/")[2].strip("/"))


class FolderStore(LogStore):
    """Objects in a folder that machines share. A file gets its name once it is complete."""

    def __init__(self, root: str) -> None:
        self._root = root

    def put_new(self, key: str, data: bytes) -> bool:
        with _store_errors(), self._part() as part:
            part.write(data)
            part.close()
            try:
                self._make_folder(key)
                os.link(part.name, self._path(key))
            except FileExistsError:
                return False
        return True

    def put(self, key: str, source: BinaryIO, replaced: StoredObject | None = None) -> None:
        with _store_errors(), self._part() as part:
            _copy(source, part)
            part.close()
            self._make_folder(key)
            with open(os.path.join(os.path.dirname(part.name), "lock"), "ab") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if self.size(key) != (replaced.size if replaced else None):
                    raise ChangedError
                os.replace(part.name, self._path(key))

    def list(self, prefix: str) -> list[StoredObject]:
        folder = self._path(prefix.rpartition("/")[0])
        with _store_errors():
            return [stored for stored in self._walk(folder) if stored.key.startswith(prefix)]

    def read(self, key: str, start: int, end: int) -> bytes:
        with _store_errors(), open(self._path(key), "rb") as file:
            file.seek(start)
            return file.read(max(end - start, 0))

    def delete(self, keys: Sequence[str]) -> None:
        with _store_errors():
            for key in keys:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(self._path(key))

    def size(self, key: str) -> int | None:
        with _store_errors():
            try:
                return os.stat(self._path(key)).st_size
            except FileNotFoundError:
                return None

    def _path(self, key: str) -> str:
        return os.path.join(self._root, key)

    def _make_folder(self, key: str) -> None:
        os.makedirs(os.path.dirname(self._path(key)), exist_ok=True)

    @contextmanager
    def _part(self) -> Iterator[BinaryIO]:
        folder = self._path(PARTS)
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, uuid.uuid4().hex)
        try:
            with open(path, "xb") as part:
                yield part
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)

    def _walk(self, folder: str) -> Iterator[StoredObject]:
        def check(error: OSError) -> None:
            """Raise an error of the folder itself; whatever else is below it need not be readable."""
            if error.filename == folder and not isinstance(error, FileNotFoundError):
                raise error

        for parent, folders, names in os.walk(folder, onerror=check):
            folders[:] = [name for name in folders if name != PARTS]
            for name in names:
                path = os.path.join(parent, name)
                with contextlib.suppress(FileNotFoundError):
                    status = os.stat(path)
                    yield StoredObject(os.path.relpath(path, self._root), status.st_size, status.st_mtime)


def _copy(source: BinaryIO, target: Any) -> None:
    while block := source.read(64 * 1024):
        target.write(block)


def _describe(error: Exception) -> str | None:
    """Return the system's own text."""
    return error.strerror if isinstance(error, OSError) else None


_store_errors = partial(store_errors, _describe)
