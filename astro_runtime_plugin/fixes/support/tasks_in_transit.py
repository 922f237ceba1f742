"""The tasks that an executor is sending, or is to send again. Nobody knows which of them have arrived."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any
from weakref import WeakKeyDictionary

from astro_runtime_plugin.airflow_compat import line
from astro_runtime_plugin.fixes.guard import attempt

Send = Callable[..., None]
# What CeleryExecutor sends batches with, and by key how often it has sent again. On Airflow 2 a second message does no
# harm.
BATCHES = {"3.3": "_send_workloads", "2.11": ""}
ATTEMPTS = {"3.3": "workload_publish_retries", "2.11": ""}
_keys: WeakKeyDictionary[Any, frozenset[Any]] = WeakKeyDictionary()  # by executor: the keys of the tasks


def note_transit(fix_id: str, key: Callable[[Any], Any]) -> Callable[[Send], Send]:
    """Return what wraps a method of an executor that sends a batch; `key` returns the key of an item's task."""

    def begin(executor: Any, items: Iterable[Any]) -> None:
        _keys[executor] = frozenset(map(key, items))

    def end(executor: Any) -> None:
        _keys.pop(executor, None)

    def wrap(send: Send) -> Send:
        @wraps(send)
        def send_and_note(executor: Any, *args: Any, **options: Any) -> None:
            attempt(fix_id, None, begin, executor, *args, *options.values())
            send(executor, *args, **options)
            # Not after an error, or the SystemExit of a signal: it is not known then what was sent.
            attempt(fix_id, None, end, executor)

        return send_and_note

    return wrap


def keys_in_transit(executor: Any) -> frozenset[Any]:
    """Return the keys of the tasks that may have been sent, although the executor still has them queued.

    It is sending them, was interrupted while it sent them, or has sent them to a broker that did not answer: one that
    hangs reads later what it has got.
    """
    return _keys.get(executor, frozenset()).union(getattr(executor, ATTEMPTS[line()], ()))


def sends_unnoticed(executor: Any) -> bool:
    """Return whether the executor sends in batches by a method that is not wrapped, as that of another provider."""
    send = getattr(type(executor), BATCHES[line()], None)
    return send is not None and not hasattr(send, "__wrapped__")
