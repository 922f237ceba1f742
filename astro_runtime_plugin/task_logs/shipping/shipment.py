"""One log on its way into the store: what is shipped next, and the whole object at the end.

Offsets are those of the try. A *part* maps bytes of the local file to offsets in the store. Where another process has
written at the offset that is due, a new part begins behind what it wrote.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TypeGuard

from astro_runtime_plugin.task_logs.layout import (
    Gap,
    Segment,
    StoredObject,
    Stretch,
    chunk_key,
    covered_chunks,
    end_of,
    objects_in_order,
    segments,
    whole_of,
)
from astro_runtime_plugin.task_logs.reading import reader
from astro_runtime_plugin.task_logs.shipping.leftovers import MIN_AGE_SECONDS
from astro_runtime_plugin.task_logs.shipping.records import GONE, Entry, Leftover, Part, Progress
from astro_runtime_plugin.task_logs.shipping.spool import Spool
from astro_runtime_plugin.task_logs.shipping.whole_log import whole_log
from astro_runtime_plugin.task_logs.stores.store import BLOCK_BYTES, ChangedError, LogStore

CHUNK_BYTES = 1024 * 1024  # of a chunk at most, when much is pending
TAIL_BYTES = 64
SAVE_SECONDS = 1.0  # between two times that the progress of a growing log is kept
# Without a chunk, after which others may have deleted what keeps its place.
RECHECK_SECONDS = MIN_AGE_SECONDS / 2


class Shipment:
    """The log of `entry`, on its way to the store at `url`; `delete_local` is for its file, once it is there."""

    def __init__(
        self,
        spool: Spool,
        store: LogStore,
        url: str,
        entry: Entry,
        delete_local: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.entry = entry
        self._delete_local, self._clock = delete_local, clock
        self.lost_bytes = 0
        self._spool, self._store = spool, store
        self._path = entry.path
        self._file = spool.log_file(entry.path)
        progress = spool.progress(entry.path)
        self.progress = progress if progress and progress.store == url else Progress(store=url)
        self._seen = 0
        self._saved = self._put_at = float("-inf")

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
        data = self._local(self._shipped, min(self.pending(), CHUNK_BYTES))
        if not data:
            return 0
        before, begun = self._shipped, self._clock()
        is_new = self._store.put_new(chunk_key(self._path, self._stored), data)
        if is_new and (self._is_place_sure() or not self._withdraw(data)):
            self._advance(data)
            self._put_at = begun
        else:
            self._pass_over(self._store.list(self._path))
        # Of a log that may be quiet for long now, others must be able to delete the chunks.
        if len(data) < BLOCK_BYTES or time.monotonic() - self._saved >= SAVE_SECONDS:
            self._save()
        return self._shipped - before

    def finish(self) -> None:
        """Put the whole object and delete its chunks."""
        objects = self._store.list(self._path)
        end, whole = end_of(self._path, objects), whole_of(self._path, objects)
        if end > (whole.size if whole else 0):
            self._put_whole(segments(self._path, objects), whole)
        self._save()
        self._delete_finished()
        self._spool.remove(self.entry, self._delete_file if self._delete_local and end else lambda: None)

    def _delete_file(self) -> None:
        """Delete the local file, unless something of it is not in the store, or another host writes it, too."""
        is_shared = any(other.entry(self._path) for other in self._spool.others())
        if self.local_size() == self._shipped and not is_shared:
            with suppress(OSError):
                self._file.unlink()
                self._begin_anew()

    def _delete_finished(self) -> None:
        """Delete the chunks below the whole object that no part needs any more, and keep a note of the others."""
        covered = covered_chunks(self._path, self._store.list(self._path))
        finished = self._finished([stored for _, stored in covered])
        self._put_at = float("-inf")  # the last one kept this part's place
        self._store.delete(finished)
        left = [end for end, stored in covered if stored.key not in finished]
        if left:
            note = Leftover(path=self._path, store=self.progress.store, end=max(left), since=self._clock())
            with suppress(OSError):  # no room on the disk: the chunks stay
                self._spool.save_leftover(note)

    def _finished(self, chunks: Iterable[StoredObject]) -> list[str]:
        """Return the keys of this part's chunks, but for those that begin where a chunk of another part ends.

        There that part goes on if it is not finished: the chunk keeps it from writing where the whole object is.
        """
        placed = objects_in_order(self._path, chunks)
        needed = {offset + stored.size for offset, stored in placed if not self._part_with(offset)}
        return [stored.key for offset, stored in placed if self._part_with(offset) and offset not in needed]

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

    def _is_place_sure(self) -> bool:
        """Whether the whole object, which another part may have put, cannot be where this part's last chunk is.

        That other part leaves alone what is at the offsets of a part's later chunks, but not for ever.
        """
        return self._part.length > 0 and abs(self._clock() - self._put_at) < RECHECK_SECONDS

    def _withdraw(self, data: bytes) -> bool:
        """Delete the chunk with `data` at this part's offset if the whole object has other bytes there.

        Return whether it did. If the whole object has these, it was made with the chunk.
        """
        start = self._stored
        if (self._store.size(self._path) or 0) <= start:
            return False
        if self._store.read(self._path, start, start + len(data)) == data:
            return False
        self._store.delete([chunk_key(self._path, start)])
        return True

    def _pass_over(self, objects: Iterable[StoredObject]) -> None:
        """Count what the store has of this file, and begin a new part behind what it has of others."""
        objects = list(objects)
        while (segment := self._next(objects)) and self._is_local(segment):
            # A shipper that was killed after it had put the chunk has not seen the whole object.
            if segment.key != self._path and self._withdraw(
                self._local(self._shipped, segment.end - segment.start)
            ):
                objects = [stored for stored in objects if stored.key != segment.key]
                break
            self._count(segment)
        end = end_of(self._path, objects)
        if self._stored < end:
            self.progress.parts.append(Part(local=self._shipped, stored=end))
            self._save_parts()

    def _next(self, objects: list[StoredObject]) -> Segment | None:
        """Return what the store has at this part's offset: of a chunk and the whole object, the chunk."""
        key = chunk_key(self._path, self._stored)
        chunk = next((stored for stored in objects if stored.key == key), None)
        if chunk:
            return Stretch(key, 0, self._stored, self._stored + chunk.size)
        return next(iter(segments(self._path, objects, self._stored)), None)

    def _is_local(self, segment: Segment) -> TypeGuard[Stretch]:
        """Whether the file continues with these bytes of the store."""
        if isinstance(segment, Gap) or self.local_size() - self._shipped < segment.end - segment.start:
            return False
        position, local = segment.start, self._shipped
        while position < segment.end:
            data = self._stored_bytes(segment, position)
            if data != self._local(local, len(data)):
                return False
            position, local = position + len(data), local + len(data)
        return True

    def _count(self, segment: Stretch) -> None:
        """Count bytes of the store as shipped."""
        self._part.length += segment.end - segment.start
        length = min(TAIL_BYTES, segment.end - segment.start)
        self._remember(self._local(self._shipped - length, length))

    def _check_file(self) -> None:
        """Begin a new part if the file has been emptied or replaced."""
        size = self.local_size()
        length = self.progress.tail_length
        start = self._shipped - length
        is_same = size >= self._shipped and _digest(self._local(start, length)) == self.progress.tail_digest
        if length and not is_same:
            self.lost_bytes += max(self._seen - self._shipped, 0)
            self._begin_anew()
        self._seen = size

    def _begin_anew(self) -> None:
        """Begin a new part in a new file."""
        gone = [part.model_copy(update={"local": GONE}) for part in self.progress.parts]
        self.progress.parts = [*gone, Part(local=0, stored=self._stored)]
        self._remember(b"")
        self._save_parts()

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
            self._store.put(self._path, whole_log(plan, self._local_bytes, self._stored_bytes), replaced)
        except EOFError:  # the file was emptied meanwhile
            self._store.put(self._path, whole_log(plan, lambda *_: b"", self._stored_bytes), replaced)

    def _local_bytes(self, position: int, size: int) -> bytes:
        """Return at most `size` bytes of the log, none if the file never had them. Raises EOFError if it lost them."""
        part = self._part_with(position)
        if part is None or part.local == GONE:
            return b""
        size = min(size, part.stored + part.length - position)
        data = self._local(part.local + position - part.stored, size)
        if len(data) < size:
            raise EOFError
        return data

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


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
