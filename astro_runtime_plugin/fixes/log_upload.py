"""A task's log that cannot be uploaded, because the remote store fails for a moment, is uploaded a little later.

Airflow uploads a log once, after the task has ended and its state is saved. The class of a remote store reports a
failure with an error, or by returning False from its `write`. This fix tries a failed upload again, for about 15
seconds in all. A process whose store has just failed for that long makes a single attempt per log for five minutes, so
that its next tasks do not have to wait as well. The triggerer, which uploads logs between other work, tries once as
before.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt

ID = "log-upload"
DELAYS = (1.0, 3.0, 9.0)  # seconds before each further attempt
DEADLINE = 30.0  # seconds after which no attempt begins: a store that does not answer takes its own time
PAUSE = 300.0  # seconds after a failure of all attempts, for which the process makes one attempt per log
log = logging.getLogger("astro_runtime")
_state: dict[str, Any] = {"may_retry": False, "failed": None}


def allow_retries(upload_logs: Callable[..., None]) -> Callable[..., None]:
    """Wrap `_upload_logs` of a process that has nothing left to do but to upload the log."""

    @wraps(upload_logs)
    def upload_with_patience(*args: Any, **options: Any) -> None:
        _state["may_retry"] = True
        try:
            upload_logs(*args, **options)
        finally:
            _state["may_retry"] = False

    return upload_with_patience


def retry_upload(upload: Callable[..., None]) -> Callable[..., None]:
    """Wrap `upload_to_remote`; the wrapped function raises the error of its last attempt."""

    @wraps(upload)
    def upload_with_retries(*args: Any, **options: Any) -> None:
        end = time.monotonic() + DEADLINE
        for delay in (*attempt(ID, (), delays, time.monotonic()), None):
            error: Exception | None = None
            try:
                if upload_once(upload, args, options):
                    _state["failed"] = None
                    return
            except Exception as failure:
                error = failure
            if delay is None or time.monotonic() + delay > end:
                break
            log.warning("astro-runtime: the log was not uploaded; trying again in %g s", delay)
            time.sleep(delay)
        _state["failed"] = time.monotonic()
        if error is not None:
            raise error

    return upload_with_retries


def delays(now: float) -> tuple[float, ...]:
    """Return the seconds before each further attempt."""
    failed = _state["failed"]
    return DELAYS if _state["may_retry"] and (failed is None or now - failed > PAUSE) else ()


def upload_once(upload: Callable[..., None], args: Any, options: Any) -> bool:
    """Upload once; return whether the store has the log. Raises what the upload raises, unless the store has it."""
    with write_results() as results:
        try:
            upload(*args, **options)
        except Exception as error:
            if results[-1:] != [True]:
                raise
            log.warning(
                "astro-runtime: the log was uploaded, but its local copy stays (%s)", type(error).__name__
            )
    return False not in results[-1:]


@contextmanager
def write_results() -> Iterator[list[object]]:
    """Yield a list that gets what the store's `write` returns, if it has one."""
    results: list[object] = []
    store = attempt(ID, None, watch_store, results)
    try:
        yield results
    finally:
        if store is not None:
            del store.write


def watch_store(results: list[object]) -> Any:
    """Let the store's `write` append its results to the list; return the store, or None if there is none to watch."""
    from airflow.sdk.log import load_remote_log_handler

    store: Any = load_remote_log_handler()
    if not hasattr(store, "__dict__") or "write" in vars(store):
        return None
    write = getattr(store, "write", None)
    if write is None:
        return None

    def write_and_record(*args: Any, **options: Any) -> Any:
        result = write(*args, **options)
        results.append(result)
        return result

    store.write = write_and_record
    return store


FIX = Fix(
    id=ID,
    title="A task's log is uploaded even if the remote store fails for a moment",
    symptom="A task's log is missing in the remote store, and lost with its pod; one failed upload was logged.",
    issue="",
    ends="Airflow retries the upload of a log.",
    patches=(
        Patch(
            "airflow.sdk.execution_time.supervisor",
            "ActivitySubprocess._upload_logs",
            ("d65575981e23cb2e",),
            allow_retries,
            ("3.3",),
        ),
        Patch(
            "airflow.sdk.execution_time.callback_supervisor",
            "CallbackSubprocess._upload_logs",
            ("24096f0f819f0ac9",),
            allow_retries,
            ("3.3",),
        ),
        Patch("airflow.sdk.log", "upload_to_remote", ("d591b62ed6b7c852",), retry_upload, ("3.3",)),
    ),
)
