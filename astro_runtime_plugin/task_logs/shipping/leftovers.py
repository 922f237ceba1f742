"""Chunks that a whole object covers but that had to stay: when they are deleted.

At its end a part deletes its chunks, except one that begins where another part's chunk ends: it keeps that part from
writing at an offset that the whole object covers. These and the chunks of other parts stay, and the spool keeps a
note. After MIN_AGE_SECONDS they are deleted: by then a part that is alive has written again, or compares with the
whole object when it next does (`shipment.py`).
"""

from __future__ import annotations

from astro_runtime_plugin.task_logs.layout import covered_chunks
from astro_runtime_plugin.task_logs.shipping.records import Leftover
from astro_runtime_plugin.task_logs.shipping.spool import Spool
from astro_runtime_plugin.task_logs.stores.store import LogStore, StoreError

MIN_AGE_SECONDS = 600.0
GIVE_UP_SECONDS = 24 * 3600.0  # after which a note is dropped if the store does not take the deletion


def due_leftovers(spool: Spool, now: float) -> list[Leftover]:
    """Return the notes that are due at `now`, in seconds since the epoch."""
    return [note for note in spool.leftovers() if abs(now - note.since) >= MIN_AGE_SECONDS]


def delete_leftovers(spool: Spool, store: LogStore, url: str, now: float) -> None:
    """Delete the chunks that may go at `now`; forget what is in another store than that at `url`. Raises StoreError."""
    for note in due_leftovers(spool, now):
        if note.store == url:
            try:
                chunks = covered_chunks(note.path, store.list(note.path))
                store.delete([stored.key for end, stored in chunks if end <= note.end])
            except StoreError:
                if abs(now - note.since) < GIVE_UP_SECONDS:
                    raise
        spool.forget_leftover(note)
