"""Airflow 3's `RemoteLogIO` for the store: tells the writer where a log begins and ends, and reads logs for others.

Airflow runs the processors in every process that writes JSON logs: supervisors, the triggerer, the DAG processor and
the tasks themselves. A log file that a supervisor or the triggerer writes begins with its first line here, and ends
with `upload`, which only these call. A processor must not log.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any

from astro_runtime_plugin.component import DAG_PROCESSOR, from_subcommand
from astro_runtime_plugin.task_logs.reading.reader import stream_lines
from astro_runtime_plugin.task_logs.shipping.records import TaskIdentity
from astro_runtime_plugin.task_logs.shipping.writer import LogWriter
from astro_runtime_plugin.task_logs.stores.store import LogStore, StoreError

ONE_TASK = "airflow.sdk.execution_time.execute_workload"  # what a pod runs; the pod ends with it
WAIT_SECONDS = 30.0  # for the store, at the end of the only task of a container
MAX_ENDED = 64  # logs that this process has written, of which the logger is kept
IDENTITY = ("dag_id", "run_id", "task_id", "map_index", "try_number")
Event = MutableMapping[str, Any]


class TaskLogIO:
    """The logs below `log_folder`. The DAG processor's stay local: nobody ends them."""

    def __init__(self, writer: LogWriter, log_folder: str, conn_id: str = "") -> None:
        self.writer = writer
        self.folder = str(Path(log_folder))  # as in the names of the files that Airflow opens
        self._stays_local = from_subcommand(sys.argv[1:]) == DAG_PROCESSOR
        self.variable = f"AIRFLOW_CONN_{conn_id.upper()}" if conn_id else ""
        self._loggers: dict[str, Any] = {}  # path → the logger that writes it
        self._ended: dict[str, None] = {}

    @property
    def processors(self) -> tuple[Any, ...]:
        """The processor of each line. A supervisor asks for it while the connection is in its environment."""
        self._keep_connection()
        return (self.process,)

    def process(self, logger: Any, _: str, event: Event) -> Event:
        """Begin the log of a logger's first line; return the line as it is."""
        path = self._path(logger)
        if path is None:
            return event
        if self._loggers.get(path) is not logger:
            self._loggers[path] = logger
            self._ended.pop(path, None)
            task = identity(event) or identity_of_path(path)
            self.writer.begin(path, task, descriptor=descriptor_of(logger))
        elif path not in self._ended:
            self.writer.ensure_shipper()
        return event

    def upload(self, path: os.PathLike[str] | str, ti: Any = None) -> None:
        """End a log. Waits for the store only where the shipper ends with this process."""
        relative = os.fspath(path)
        self._keep_connection()
        if relative not in self._loggers:
            values = {name: getattr(ti, name, None) for name in IDENTITY}
            self.writer.begin(relative, identity(values) or identity_of_path(relative))
        self._ended[relative] = None
        while len(self._ended) > MAX_ENDED:
            oldest = next(iter(self._ended))
            del self._ended[oldest]
            self._loggers.pop(oldest, None)
        self.writer.end(relative, WAIT_SECONDS if is_only_task() else 0.0)

    def read(self, relative_path: str, ti: Any = None) -> tuple[list[str], list[str] | None]:
        """Return where the log in the store is, and its text."""
        sources, streams = self.stream(relative_path, ti)
        return sources, ["\n".join(stream) for stream in streams] or None

    def stream(self, relative_path: str, ti: Any = None) -> tuple[list[str], list[Iterator[str]]]:
        """Return where the log in the store is, and its lines."""
        try:
            store = self._store()
            if store is None or not store.list(relative_path):
                return [], []
        except StoreError as error:
            return [f"The store of task logs cannot be read: {error}"], []
        return [f"{self.writer.settings.url}/{relative_path}"], [_texts(store, relative_path)]

    def _store(self) -> LogStore | None:
        from astro_runtime_plugin.task_logs.stores.store import open_store

        return open_store(self.writer.settings) if self.writer.settings.has_store else None

    def _keep_connection(self) -> None:
        if self.variable in os.environ:
            self.writer.shipper_environ = {self.variable: os.environ[self.variable]}

    def _path(self, logger: Any) -> str | None:
        """Return the relative path of the file that a logger writes; None for a stream, and for the DAG processor."""
        name = getattr(getattr(logger, "_file", None), "name", None)
        if self._stays_local or not isinstance(name, str) or not name.startswith(f"{self.folder}/"):
            return None
        return name[len(self.folder) + 1 :]


def identity(values: Mapping[str, Any]) -> TaskIdentity | None:
    """Return the try that a line or a task instance names, or None."""
    try:
        return TaskIdentity(**{name: values[name] for name in IDENTITY})
    except (KeyError, TypeError, ValueError):
        return None


def identity_of_path(path: str) -> TaskIdentity | None:
    """Return the try that a path of Airflow's own template names, or None."""
    parts = dict(part.split("=", 1) for part in path.split("/") if "=" in part)
    parts["try_number"] = parts.get("attempt", "").partition(".")[0]
    return identity({"map_index": -1, **parts})


def descriptor_of(logger: Any) -> int | None:
    """Return the descriptor of the file that a logger writes; None if it has none, or is closed."""
    try:
        return int(logger._file.fileno())
    except (AttributeError, OSError, TypeError, ValueError):
        return None


def is_only_task() -> bool:
    """Whether this process runs one task and nothing outlives it, as in a pod of KubernetesExecutor."""
    specification = getattr(sys.modules.get("__main__"), "__spec__", None)
    return getattr(specification, "name", "") == ONE_TASK


def _texts(store: LogStore, path: str) -> Iterator[str]:
    return (line.data.decode(errors="replace") for line in stream_lines(store, path))
