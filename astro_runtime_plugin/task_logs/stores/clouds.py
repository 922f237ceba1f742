"""The store in Google Cloud Storage or Azure: fsspec's file systems, with the connections of Airflow's providers.

The libraries ask again and again for minutes, so each operation has a time-out as a whole.
"""

# ruff: noqa: D102 - LogStore describes the methods

from __future__ import annotations

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, BinaryIO

from astro_runtime_plugin import airflow_compat
from astro_runtime_plugin.task_logs.layout import StoredObject
from astro_runtime_plugin.task_logs.stores.cloud_dialects import DIALECTS, Dialect
from astro_runtime_plugin.task_logs.stores.cloud_errors import (
    cloud_errors,
    code_of,
    is_conflict,
    quiet_library,
    quietly,
)
from astro_runtime_plugin.task_logs.stores.store import (
    UPLOAD_BYTES,
    ChangedError,
    LogStore,
    Patience,
    StoreError,
)

SLOWEST = 256 * 1024  # bytes a second; slower uploads are given up
WALK_SECONDS = 600.0  # to list one folder at the top, such as all logs of a DAG
DELETED_AT_ONCE = 16  # each with a request of its own
# The store's own instance: it caches no listings, and nobody else gets it.
OWN = {"use_listings_cache": False, "skip_instance_cache": True}
NO_BUCKET = "NoSuchBucket"  # only a missing bucket or container makes a write end with 404
NO_ACCOUNT = "NoAccount"
PAST_END = "416"


def open_cloud(scheme: str, place: str, conn_id: str, patience: Patience) -> LogStore:
    """Return the store at SCHEME://PLACE. Raises StoreError if its library or connection is missing."""
    url, dialect = f"{scheme}://{place}", DIALECTS[scheme]
    seconds = patience.attempts * (patience.connect_seconds + patience.read_seconds)
    quiet_library()
    with cloud_errors():
        file_system = _file_system(scheme, url, conn_id)
        dialect.limit(file_system, patience.attempts)
        return CloudStore(file_system, url, dialect, seconds)


def _file_system(scheme: str, url: str, conn_id: str) -> Any:
    import fsspec  # type: ignore[import-untyped]

    kind = fsspec.get_filesystem_class(scheme)
    if conn_id:
        shared = airflow_compat.file_system(scheme, conn_id)
        return type(shared)(*shared.storage_args, **{**shared.storage_options, **OWN})
    try:
        return kind(**{**kind._get_kwargs_from_urls(url), **OWN})  # such as the account in an Azure URL
    except ValueError as error:  # its text may have a key
        raise StoreError(NO_ACCOUNT) from error


class CloudStore(LogStore):
    """Objects in an asynchronous fsspec file system; an operation takes `seconds` at most."""

    def __init__(self, file_system: Any, url: str, dialect: Dialect, seconds: float) -> None:
        self._fs, self._dialect, self._seconds = file_system, dialect, seconds
        self._root = str(file_system._strip_protocol(url)).rstrip("/")

    def put_new(self, key: str, data: bytes) -> bool:
        with cloud_errors(NO_BUCKET):
            try:
                self._do(self._fs._pipe_file, self._path(key), data, size=len(data), mode="create")
            except FileExistsError:
                return False
        return True

    def put(self, key: str, source: BinaryIO, replaced: StoredObject | None = None) -> None:
        if self._tag(key) != (replaced.tag if replaced else None):  # gcsfs takes no condition to replace
            raise ChangedError
        condition = self._dialect.condition(replaced.tag) if replaced else {"mode": "create"}
        with cloud_errors(NO_BUCKET):
            try:
                self._upload(self._path(key), source, condition)
            except Exception as error:
                if is_conflict(error):
                    raise ChangedError from error
                raise

    def _upload(self, path: str, source: BinaryIO, condition: Mapping[str, Any]) -> None:
        """Upload what fits from memory, else from a file: a source that fails must leave no object."""
        first = source.read(UPLOAD_BYTES)
        if len(first) < UPLOAD_BYTES:
            self._do(self._fs._pipe_file, path, first, size=len(first), **condition)
            return
        with tempfile.NamedTemporaryFile(prefix="astro-runtime-log-") as file:
            file.write(first)
            shutil.copyfileobj(source, file, 64 * 1024)
            file.flush()
            options = {**self._dialect.upload, **condition}
            self._do(self._fs._put_file, file.name, path, size=file.tell(), **options)

    def list(self, prefix: str) -> list[StoredObject]:
        folder, _, name = prefix.rpartition("/")
        with cloud_errors(NO_BUCKET):
            return [*self._find(self._path(folder), self._seconds, prefix=name)]

    def walk(self, prefix: str = "") -> Iterator[StoredObject]:
        """Yield the objects of one folder at the top after the other, so that only these are in memory."""
        with cloud_errors(NO_BUCKET):
            for entry in sorted(self._top(), key=_sort_key):
                if entry["type"] == "directory":
                    yield from self._below(entry["name"].rstrip("/"), prefix)
                else:
                    yield from (stored for stored in [self._stored(entry)] if stored.key.startswith(prefix))

    def _top(self) -> Sequence[dict[str, Any]]:
        try:
            return [*self._do(self._fs._ls, self._root, seconds=WALK_SECONDS, detail=True)]
        except FileNotFoundError:
            return []

    def _below(self, folder: str, prefix: str) -> Iterator[StoredObject]:
        stored = self._find(folder, WALK_SECONDS)
        yield from sorted(item for item in stored if item.key.startswith(prefix))

    def _find(self, folder: str, seconds: float, **options: Any) -> Sequence[StoredObject]:
        entries = self._do(self._fs._find, folder, seconds=seconds, detail=True, **options)
        return [self._stored(details) for details in entries.values()] if entries else []

    def read(self, key: str, start: int, end: int) -> bytes:
        if end <= start:
            return b""
        with cloud_errors():
            try:
                return bytes(self._do(self._fs._cat_file, self._path(key), start=start, end=end))
            except Exception as error:
                if code_of(error) == PAST_END:
                    return b""
                raise

    def delete(self, keys: Sequence[str]) -> None:
        left = iter(keys)
        with cloud_errors():
            while some := [self._path(key) for key in itertools.islice(left, DELETED_AT_ONCE)]:
                self._do(self._remove, some)

    async def _remove(self, paths: Sequence[str]) -> None:
        answers = await asyncio.gather(*map(self._fs._rm_file, paths), return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, FileNotFoundError):
                raise answer

    def size(self, key: str) -> int | None:
        details = self._details(key)
        return int(details["size"]) if details else None

    def _tag(self, key: str) -> str | None:
        details = self._details(key)
        return self._stored(details).tag if details else None

    def _details(self, key: str) -> dict[str, Any] | None:
        with cloud_errors():
            try:
                details: dict[str, Any] = self._do(self._fs._info, self._path(key))
            except FileNotFoundError:
                return None
        return details if details["type"] == "file" else None

    def _do(
        self, method: Any, *words: Any, seconds: float | None = None, size: int = 0, **options: Any
    ) -> Any:
        """Run a coroutine of the file system, which fails once its time is over. `size` is what it uploads."""
        from fsspec.asyn import sync  # type: ignore[import-untyped]

        self.requests += 1
        limit = (seconds or self._seconds) + size / SLOWEST
        return sync(self._fs.loop, quietly, method, *words, timeout=limit, **options)

    def _path(self, key: str) -> str:
        return f"{self._root}/{key}".rstrip("/")

    def _stored(self, details: Mapping[str, Any]) -> StoredObject:
        modified, tag = details.get(self._dialect.modified), details.get(self._dialect.tag)
        key = details["name"][len(self._root) + 1 :]
        return StoredObject(key, int(details["size"]), _epoch(modified), str(tag or ""))


def _sort_key(entry: Mapping[str, Any]) -> str:
    """Return what the keys of a folder's objects begin with, or the key of an object."""
    name: str = entry["name"].rstrip("/")
    return f"{name}/" if entry["type"] == "directory" else name


def _epoch(time: Any) -> float:
    if isinstance(time, str):
        time = datetime.fromisoformat(time.replace("Z", "+00:00"))
    return time.timestamp() if isinstance(time, datetime) else float(time or 0)
