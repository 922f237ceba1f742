"""The last line of a try's log, from whoever finds out that the try has ended without writing one itself.

It is appended to the try's log on this machine. If there is none and a store is set, a file with this line alone takes
its place, and the shipper puts it behind what the store has of the try, so that no component waits for a store.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from astro_runtime_plugin.task_logs.layout import check_path
from astro_runtime_plugin.task_logs.shipping.records import TaskIdentity
from astro_runtime_plugin.task_logs.shipping.writer import LogWriter
from astro_runtime_plugin.task_logs.stdout import LogEvent, Place, print_line

MAX_TEXT = 2000  # characters
RECENT_BYTES = 16 * 1024  # of the log's end, in which a line is not written twice
ORDINARY = (None, "", "Error", "Completed")  # reasons of a container that say no more than its exit code
MAY_BE_CUT = "If the machine that wrote this log is gone with its disk, its last second may be missing."
DESCRIPTIONS = {"OOMKilled": " (out of memory)", "Evicted": " (an eviction)"}


def describe_exit(code: int) -> str:
    """Return how a process has ended; a negative code is the number of a signal."""
    if code >= 0:
        return f"ended with exit code {code}"
    with suppress(ValueError):
        return f"was killed by signal {-code} ({signal.Signals(-code).name})"
    return f"was killed by signal {-code}"


def lost_heartbeat(limit: float, last: Any, host: str | None, pid: int | None) -> str:
    """Return the words of a scheduler that has waited `limit` seconds for a heartbeat."""
    where = f" of host {host}" if host else ""
    process = f" of process {pid}{where}" if pid else where
    since = f"; the last one came at {last.isoformat(timespec='seconds')}" if last else ""
    return (
        f"Heartbeat lost: the scheduler has had no heartbeat{process} for more than {limit:g} s{since}."
        " The task's process, its supervisor or their machine was killed or cut off. The try counts as failed."
    )


def lost_supervisor(code: int, memory: str = "") -> str:
    """Return the words about a task's supervisor that has ended with an exit code, or by a signal if it is negative."""
    return f"The supervisor of the task {describe_exit(code)}. {memory}".strip()


def lost_pod(name: str, details: Mapping[str, Any] | None) -> str:
    """Return the words about a pod that has failed, from what the executor knows; "" if the task has its own."""
    if details is None:
        return f"The pod {name} was deleted before the task had ended: by eviction, drain, preemption or by hand."
    reasons = [_reason(details.get(f"{part}_reason"), details.get(f"{part}_message")) for part in PARTS]
    code = details.get("exit_code")
    cause = " and ".join(reason for reason in reasons if reason)
    if not cause and (code is None or code < 128):
        return ""
    end = f"; exit code {code}" + (f" (signal {code - 128})" if code > 128 else "") if code else ""
    return f"The pod {name} failed{': ' if cause else ''}{cause}{end}."


PARTS = ("pod", "container")


def _reason(reason: Any, message: Any) -> str:
    if reason in ORDINARY:
        return ""
    text = " ".join(str(message).split())[:500] if message else ""
    return f"{reason}{DESCRIPTIONS.get(reason, '')}{': ' if text else ''}{text.rstrip('.')}"


def doubt(writer: LogWriter, path: str) -> str:
    """Return what last words from another machine say about the log: its end may not have reached the store."""
    is_local = (writer.spool.log_folder / path).is_file()
    return MAY_BE_CUT if writer.settings.has_store and not is_local else ""


def write_last_words(writer: LogWriter, task: TaskIdentity, path: str, data: bytes, line: LogEvent) -> bool:
    """Append `data`, a line as Airflow writes it, to the log of a try; return whether it did.

    It does not where nobody could read it, or where the log has it already.

    `line` is the same for stdout, if the settings say so. Raises OSError, and ValueError for a path.
    """
    file = writer.spool.log_folder / check_path(path)
    if not (file.is_file() or writer.settings.has_store) or _is_there(file, data, line.message):
        return False
    writer.begin(path, task)
    try:
        offset = _append(file, data)
    finally:
        writer.end(path)
    if writer.settings.to_stdout:
        print_line(Place(task, path).render(offset, line))
    return True


def _is_there(file: Path, data: bytes, message: str) -> bool:
    with suppress(OSError), open(file, "rb") as log:
        log.seek(max(0, os.fstat(log.fileno()).st_size - RECENT_BYTES))
        recent = log.read()
        return data in recent or message.encode(errors="replace") in recent
    return False


def _append(file: Path, data: bytes) -> int:
    """Append in one step, since a supervisor that was given up may still write; return the offset."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o664)
    try:
        os.write(descriptor, data)
        return os.lseek(descriptor, 0, os.SEEK_CUR) - len(data)
    finally:
        os.close(descriptor)
