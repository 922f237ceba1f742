"""Whether the store can be written, listed, read and deleted from with the settings of this process."""

from __future__ import annotations

from astro_runtime_plugin import child_process
from astro_runtime_plugin.options.text import single_line
from astro_runtime_plugin.task_logs.settings import TaskLogSettings

MODULE = "astro_runtime_plugin.task_logs.stores.check_process"
SECONDS = 20.0  # for the store
SPARE_SECONDS = 60.0  # for the child process to start, and to open the store
MAX_PROBLEM = 500  # characters


def check_store(settings: TaskLogSettings, seconds: float = SECONDS) -> str:
    """Return what is wrong with the store, as in `cannot be written: …`; empty if nothing is. Takes bounded time."""
    try:
        answer = child_process.ask(MODULE, (settings, seconds), seconds + SPARE_SECONDS)
    except child_process.ChildFailedError as failure:
        return f"cannot be checked: the process that checks it ended with {failure.code}"
    except OSError as error:
        return f"cannot be checked: {error.strerror}"
    return single_line(str(answer["problem"]), MAX_PROBLEM)
