"""One log on its way into the store: what is shipped next, and the whole object at the end.

Offsets are those of the try. A *part* maps bytes of the local file to offsets in the store. Where another process has
written at the offset that is due, a new part begins behind what it wrote.
"""

from __future__ import annotations

import hashlib
import io
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import BinaryIO, cast

from astro_runtime_plugin.task_logs.layout import (
    Gap,
    Segment,
    StoredObject,
    Stretch,
    chunk_key,
    end_of,
    objects_in_order,
    segments,
    whole_of,
)
from astro_runtime_plugin.task_logs.reading import reader
from astro_runtime_plugin.task_logs.shipping.spool import GONE, Entry, Part, Progress, Spool
from astro_runtime_plugin.task_logs.stores.store import BLOCK_BYTES, ChangedError, LogStore

CHUNK_BYTES = 1024 * 1024  # of a chunk at most, when much is pending
TAIL_BYTES = 64
SAVE_SECONDS = 1.0  # between two times that the progress of a growing log is kept
FORGOTTEN_SECONDS = 600.0  # without a sign of the part that wrote a chunk, after which nobody finishes it


class Shipment:
    """The log of `entry`, on its way to the store at `url`."""

    def __init__(self, spool: Spool, store: LogStore, url: str, entry: Entry) -> None:
        self.entry = entry
        self.lost_bytes = 0
        self._spool, self._store = spool, store
        self._path = entry.path
        self._file = spool.log_file(entry.path)
        progress = spool.progress(entry.path)
        self.progress = progress if progress and progress.store == url else Progress(store=url)
        self._seen = 0
        self._saved = float("-inf")

    def local_size(self) -> int:
        """Return the size of the local file; 0 if it is gone."""
        try:
            return os.stat(self._file).st_size
        except FileNotFoundError:
            return 0

    def pending(self) -> int:
        """Return how many bytes are due; a shorter file than has been shipped has been emptied."""
        size = self.local_size()
        shipped = self._shipped
        return size - shipped if size >= shipped else size

    def ship(self) -> int:
        """Ship the next chunk; return how many bytes of the file are in the store now that were not."""
        self._check_file()
        if self.progress.generation != self.entry.generation:
            self._learn()
        data = self._local(self._shipped, CHUNK_BYTES)
        if not data:
            return 0
        before = self._shipped
        if self._store.put_new(chunk_key(self._path, self._stored), data) and not self._is_hidden():
            self._advance(data)
        else:
            self._pass_over(self._store.list(self._path))
        if time.monotonic() - self._saved >= SAVE_SECONDS:
            self._save()
        return self._shipped - before

    def finish(self) -> bool:
        """Put the whole object and delete its chunks; return False if the log has a writer again."""
        objects = self._store.list(self._path)
        end, whole = end_of(self._path, objects), whole_of(self._path, objects)
        if end > (whole.size if whole else 0):
            self._put_whole(segments(self._path, objects), whole)
        self._store.delete(self._finished_chunks(objects))
        # What another part has written behind this one meanwhile, before it saw that this one is finished.
        self._store.delete(self._finished_chunks(self._store.list(self._path)))
        self._save()
        return self._spool.remove(self.entry)

    def _finished_chunks(self, objects: Iterable[StoredObject]) -> list[str]:
        """Return the keys of the chunks that no part needs any more: this part's, and what nobody will finish.

        A part that is not finished goes on at the end of its last chunk. What another part has written there must
        stay until the former is finished, and deletes it: it keeps that from writing where the whole object is.
        """
        chunks = [placed for placed in objects_in_order(self._path, objects) if placed[1].key != self._path]
        newest = max((stored.modified for _, stored in chunks), default=0.0)
        needed = {
            offset + stored.size
            for offset, stored in chunks
            if not self._part_with(offset) and newest - stored.modified < FORGOTTEN_SECONDS
        }
        return [
            stored.key
            for offset, stored in chunks
            if self._part_with(offset - 1)
            or (self._part_with(offset) and offset not in needed)
            or newest - stored.modified >= FORGOTTEN_SECONDS
        ]

    @property
    def _part(self) -> Part:
        if not self.progress.parts:
            self.progress.parts.append(Part(local=0, stored=0))
        return self.progress.parts[-1]

    @property
    def _shipped(self) -> int:
        """How much of the local file is in the store."""
        return self._part.local + self._part.length

    @property
    def _stored(self) -> int:
        """The offset in the store at which the next byte belongs."""
        return self._part.stored + self._part.length

    def _learn(self) -> None:
        """Find out where in the store the file continues: behind what other parts of the try have written."""
        self._pass_over(self._store.list(self._path))
        self.progress.generation = self.entry.generation
        self._save_parts()

    def _is_hidden(self) -> bool:
        """Whether the first chunk of a part is where the whole object is, which another part put meanwhile.

        Later chunks need no look: that other part leaves alone what is at their offsets.
        """
        if self._part.length or (self._store.size(self._path) or 0) <= self._stored:
            return False
        self._store.delete([chunk_key(self._path, self._stored)])
        return True

    def _pass_over(self, objects: Iterable[StoredObject]) -> None:
        """Count what the store has of this file, and begin a new part behind what it has of others."""
        objects = list(objects)
        end = end_of(self._path, objects)
        for segment in segments(self._path, objects, self._stored):
            if not self._is_local(segment):
                break
        if self._stored < end:
            self.progress.parts.append(Part(local=self._shipped, stored=end))
            self._save_parts()

    def _is_local(self, segment: Segment) -> bool:
        """Whether the file continues with these bytes of the store; they count as shipped then."""
        if isinstance(segment, Gap) or self.local_size() - self._shipped < segment.end - segment.start:
            return False
        position, passed = segment.start, 0
        last = b""
        while position < segment.end:
            data = reader.read_stretch(self._store, segment, position)
            if not data or data != self._local(self._shipped + passed, len(data)):
                return False
            position, passed, last = position + len(data), passed + len(data), (last + data)[-TAIL_BYTES:]
        self._part.length += passed
        self._remember(last)
        return True

    def _check_file(self) -> None:
        """Begin a new part if the file has been emptied or replaced."""
        size = self.local_size()
        length = self.progress.tail_length
        start = self._shipped - length
        is_same = size >= self._shipped and _digest(self._local(start, length)) == self.progress.tail_digest
        if length and not is_same:
            self.lost_bytes += max(self._seen - self._shipped, 0)
            gone = [part.model_copy(update={"local": GONE}) for part in self.progress.parts]
            self.progress.parts = [*gone, Part(local=0, stored=self._stored)]
            self._remember(b"")
            self._save_parts()
        self._seen = size

    def _local(self, start: int, length: int) -> bytes:
        with suppress(FileNotFoundError), open(self._file, "rb") as file:
            return os.pread(file.fileno(), length, start)
        return b""

    def _advance(self, data: bytes) -> None:
        self._part.length += len(data)
        self._remember(data)

    def _remember(self, data: bytes) -> None:
        tail = data[-TAIL_BYTES:]
        self.progress.tail_length, self.progress.tail_digest = len(tail), _digest(tail)

    def _save(self) -> None:
        """Keep the progress; a shipper that finds an older one compares what the store has with the file."""
        self._saved = time.monotonic()
        with suppress(OSError):  # no room on the disk
            self._spool.save_progress(self._path, self.progress)

    def _save_parts(self) -> None:
        """Keep a new part before something of it is shipped. Raises OSError if it could not be found again."""
        if all(part.local == part.stored for part in self.progress.parts):
            self._save()
        else:
            self._spool.save_progress(self._path, self.progress)

    def _put_whole(self, plan: list[Segment], replaced: StoredObject | None) -> None:
        try:
            self._store.put(self._path, _stream(self._whole(plan, is_local=True)), replaced)
        except EOFError:  # the file was emptied meanwhile
            self._store.put(self._path, _stream(self._whole(plan, is_local=False)), replaced)

    def _whole(self, plan: list[Segment], is_local: bool) -> Iterator[bytes]:
        """Yield the log in blocks, from the local file where it has it."""
        for segment in plan:
            position = segment.start
            while position < segment.end:
                size = min(BLOCK_BYTES, segment.end - position)
                part = self._part_with(position)
                if part and is_local and part.local != GONE:
                    size = min(size, part.stored + part.length - position)
                    data = self._local(part.local + position - part.stored, size)
                    if len(data) < size:
                        raise EOFError
                elif isinstance(segment, Gap):
                    data = reader.gap_filler(segment, position, size)
                else:
                    data = self._stored_bytes(segment, position)
                position += len(data)
                yield data

    def _stored_bytes(self, segment: Stretch, position: int) -> bytes:
        try:
            data = reader.read_stretch(self._store, segment, position)
        except FileNotFoundError:
            data = b""
        if not data:
            raise ChangedError
        return data

    def _part_with(self, position: int) -> Part | None:
        parts = (part for part in self.progress.parts if part.stored <= position < part.stored + part.length)
        return next(parts, None)


class _Blocks(io.RawIOBase):
    """Blocks as a file."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._rest = blocks, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        self._rest = self._rest or next(self._blocks, b"")
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def _stream(blocks: Iterator[bytes]) -> BinaryIO:
    return cast("BinaryIO", io.BufferedReader(_Blocks(blocks), BLOCK_BYTES))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
