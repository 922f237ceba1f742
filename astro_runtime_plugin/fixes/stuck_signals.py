"""A process that gets a signal while it logs a line handles the signal, even if the handler logs, too.

Airflow 3 logs with structlog, whose lock of a file is not reentrant: if a signal comes while the main thread writes a
line, and the handler logs, too, the handler waits forever for a lock that its own thread holds. `on_kill` of an
operator runs in such a handler, and that of a BashOperator logs before it stops the command. With this fix the locks
are reentrant, as those of Python's own logging are.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from threading import RLock
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt

ID = "stuck-signals"


def get_reentrant_lock(get_lock: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Wrap structlog's `_get_lock_for_file`, which creates the lock of a file and later returns the same one."""

    @wraps(get_lock)
    def get(file: Any) -> Any:
        attempt(ID, None, _create_lock, file)
        return get_lock(file)

    return get


def _create_lock(file: Any) -> None:
    from structlog import _output

    _output.WRITE_LOCKS.setdefault(file, RLock())  # type: ignore[arg-type]


FIX = Fix(
    id=ID,
    title="A process that gets a signal while it logs a line handles the signal, even if the handler logs, too",
    symptom="A task that logged a lot could not be stopped: its process hung, `on_kill` stopped nothing, and a"
    " BashOperator's command ran on.",
    issue="",
    ends="structlog's locks are reentrant, or Airflow 3 logs without them.",
    patches=(
        Patch("structlog._output", "_get_lock_for_file", ("a198e99f8cc6be76",), get_reentrant_lock, ("3.3",)),
    ),
)
