"""The store in a folder, Google Cloud Storage or Azure: fsspec's file systems, as Airflow's providers make them."""

# ruff: noqa: D102 - LogStore describes the methods

from __future__ import annotations

import contextlib
import fcntl
import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, BinaryIO

from astro_runtime_plugin import airflow_compat
from astro_runtime_plugin.task_logs.layout import StoredObject
from astro_runtime_plugin.task_logs.stores.store import UPLOAD_BYTES, ChangedError, LogStore, StoreError

PARTS = ".astro-runtime-parts"  # of a folder, where objects are written before they get their names


def open_fsspec(scheme: str, place: str, conn_id: str) -> LogStore:
    """Return the store at SCHEME://PLACE. Raises StoreError if its library or connection is missing."""
    if scheme == "file":
        return FolderStore("/" + place.partition("/")[2].strip("/"))
    with _store_errors():
        return FsspecStore(airflow_compat.file_system(scheme, conn_id or None), f"{scheme}://{place}")


class FsspecStore(LogStore):
    """Objects in an fsspec file system."""

    def __init__(self, file_system: Any, root: str) -> None:
        self._fs = file_system
        self._root = str(file_system._strip_protocol(root)).rstrip("/")

    def put_new(self, key: str, data: bytes) -> bool:
        with _store_errors():
            try:
                self._fs.pipe_file(self._path(key), data, mode="create")
            except FileExistsError:
                return False
        return True

    def put(self, key: str, source: BinaryIO, replaced: StoredObject | None = None) -> None:
        if self.size(key) != (replaced.size if replaced else None):
            raise ChangedError
        with _store_errors(), self._fs.open(self._path(key), "wb", block_size=UPLOAD_BYTES) as target:
            _copy(source, target)

    def list(self, prefix: str) -> list[StoredObject]:
        folder = self._path(prefix.rpartition("/")[0])
        with _store_errors():
            self._fs.invalidate_cache()
            try:
                details = self._fs.find(folder, detail=True)
            except FileNotFoundError:
                return []
        objects = (self._stored(path, detail) for path, detail in details.items())
        return [stored for stored in objects if stored.key.startswith(prefix)]

    def read(self, key: str, start: int, end: int) -> bytes:
        with _store_errors():
            return bytes(self._fs.cat_file(self._path(key), start=start, end=end))

    def delete(self, keys: Sequence[str]) -> None:
        with _store_errors():
            for key in keys:
                with contextlib.suppress(FileNotFoundError):
                    self._fs.rm_file(self._path(key))
            self._fs.invalidate_cache()

    def size(self, key: str) -> int | None:
        with _store_errors():
            self._fs.invalidate_cache()
            try:
                return int(self._fs.info(self._path(key))["size"])
            except FileNotFoundError:
                return None

    def _path(self, key: str) -> str:
        return f"{self._root}/{key}".rstrip("/")

    def _stored(self, path: str, detail: dict[str, Any]) -> StoredObject:
        # The name of the time differs: a folder has `mtime`, Google `updated`, Azure `last_modified`.
        times = (detail.get(name) for name in ("mtime", "updated", "last_modified"))
        return StoredObject(
            path[len(self._root) + 1 :], int(detail["size"]), _epoch(next(filter(None, times), 0))
        )


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
        for parent, folders, names in os.walk(folder):
            folders[:] = [name for name in folders if name != PARTS]
            for name in names:
                path = os.path.join(parent, name)
                with contextlib.suppress(FileNotFoundError):
                    status = os.stat(path)
                    yield StoredObject(os.path.relpath(path, self._root), status.st_size, status.st_mtime)


def _copy(source: BinaryIO, target: Any) -> None:
    while block := source.read(64 * 1024):
        target.write(block)


def _epoch(time: Any) -> float:
    if isinstance(time, str):
        time = datetime.fromisoformat(time.replace("Z", "+00:00"))
    return time.timestamp() if isinstance(time, datetime) else float(time)


@contextmanager
def _store_errors() -> Iterator[None]:
    """Turn what a file system raises into StoreError; its message could contain a signed URL."""
    try:
        yield
    except (StoreError, FileNotFoundError, EOFError):
        raise
    except OSError as error:
        raise StoreError(error.strerror or type(error).__name__) from error
    except Exception as error:
        raise StoreError(type(error).__name__) from error
