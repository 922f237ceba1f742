"""What the parts of the fix `last-words` share: the kernel's count of kills, and last words once for a try."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from contextlib import suppress
from typing import Any

KIND = "last words"  # of rows in the Runtime's table, which are deleted a day later
MAX_TRIES = 10_000
# The tries with last words: the scheduler finds a lost heartbeat again until the try's state has changed.
_tries: OrderedDict[Any, None] = OrderedDict()


class KillCount:
    """The kernel's count of processes killed for lack of memory, when this process began with a task or last looked."""

    value: int | None = None

    def update(self) -> None:
        """Count now."""
        from astro_runtime_plugin.fixes.support.memory_kills import count_kills

        self.value = count_kills()


kills = KillCount()


def describe_supervisor(code: int, before: int | None) -> str:
    """Return the last words about a supervisor, by its exit code and the kernel's count at its start."""
    from astro_runtime_plugin.fixes.support.memory_kills import explain_exit
    from astro_runtime_plugin.task_logs.last_words import lost_supervisor

    return lost_supervisor(code, explain_exit(code, before))


def write_once(task: Any, path: str, text: str) -> None:
    """Write the last words of a try, unless there are some. Raises OSError or ValueError."""
    from astro_runtime_plugin.fixes.support.try_log import write

    if (task, path) in _tries:
        return
    _tries[task, path] = None
    if len(_tries) > MAX_TRIES:
        _tries.popitem(last=False)
    name = hashlib.sha256(f"{task!r} {path}".encode(errors="replace")).hexdigest()
    if not _exists(name) and write(task, path, text):
        _save(name)


def _exists(name: str) -> bool:
    """Whether the database says that a try has last words.

    Only on Airflow 2, whose workers have the database: its scheduler misses the heartbeats of a try after a worker has
    found out that LocalTaskJob was killed.
    """
    from astro_runtime_plugin.airflow_compat import line
    from astro_runtime_plugin.database import state

    return line() == "2.11" and state.updated_at(KIND, name) is not None


def _save(name: str) -> None:
    """Have the database say so; if it cannot be written, there may be two last words."""
    from sqlalchemy.exc import SQLAlchemyError

    from astro_runtime_plugin.airflow_compat import line
    from astro_runtime_plugin.database import state

    if line() == "2.11":
        with suppress(SQLAlchemyError):
            state.put(KIND, name, None)
