"""The log of a try that runs elsewhere: its path, and a line as this Airflow's line writes it."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from datetime import datetime, timezone
from functools import cache
from typing import Any

from astro_runtime_plugin.airflow_compat import line
from astro_runtime_plugin.task_logs.last_words import MAX_TEXT, doubt, write_last_words
from astro_runtime_plugin.task_logs.settings import active_settings
from astro_runtime_plugin.task_logs.shipping.records import TaskIdentity
from astro_runtime_plugin.task_logs.shipping.writer import LogWriter
from astro_runtime_plugin.task_logs.stdout import LogEvent, identity_of

LOGGER = "astro_runtime"
FORMAT = "[%(asctime)s] {%(filename)s:%(lineno)d} %(levelname)s - %(message)s"  # Airflow 2's default


def write(task: TaskIdentity, path: str, text: str) -> bool:
    """Write the last words of a try into its log; return whether they were written. Raises OSError or ValueError."""
    text = " ".join(f"{text} {doubt(_writer(), path)}".split())[:MAX_TEXT]
    now = datetime.now(timezone.utc)
    words = LogEvent(now.isoformat(), "error", LOGGER, text)
    return write_last_words(_writer(), task, path, {"3.3": _json, "2.11": _text}[line()](words), words)


@cache
def _writer() -> LogWriter:
    from airflow.configuration import conf

    return LogWriter(active_settings(conf), conf.get("logging", "base_log_folder"))


def _json(words: LogEvent) -> bytes:
    event = {
        "timestamp": words.timestamp.replace("+00:00", "Z"),
        "level": words.level,
        "event": words.message,
        "logger": words.logger,
    }
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode(errors="replace") + b"\n"


def _text(words: LogEvent) -> bytes:
    record = logging.LogRecord(words.logger, logging.ERROR, "last_words.py", 0, words.message, (), None)
    handlers = logging.getLogger("airflow.task").handlers
    formatter = next((handler.formatter for handler in handlers if handler.formatter), None)
    if formatter is None:
        from airflow.utils.log.timezone_aware import TimezoneAware

        formatter = TimezoneAware(FORMAT)
    return f"{formatter.format(record)}\n".encode(errors="replace")


def path_of(task_instance: Any) -> str:
    """Return the path of the log of a task instance's try, relative to Airflow's folder of logs."""
    return str({"3.3": _path_airflow3, "2.11": _path_airflow2}[line()](task_instance))


def _path_airflow3(task_instance: Any) -> str:
    from airflow.utils.helpers import log_filename_template_renderer

    return str(log_filename_template_renderer()(ti=task_instance, try_number=task_instance.try_number))


def _path_airflow2(task_instance: Any) -> str:
    from airflow.utils.log.file_task_handler import FileTaskHandler

    handler = FileTaskHandler(str(_writer().spool.log_folder))
    return str(handler._render_filename(task_instance, task_instance.try_number))


def find_try(key: Any) -> tuple[TaskIdentity, str] | None:
    """Return the try and the path of its log for a task instance's key, if the database has it at this try."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session

    names = {name: getattr(key, name) for name in ("dag_id", "task_id", "run_id", "map_index")}
    with create_session() as session:
        instance = session.query(TaskInstance).filter_by(**names).one_or_none()
        if instance is None or getattr(key, "try_number", instance.try_number) != instance.try_number:
            return None
        return identity_of(instance), path_of(instance)


def try_of_command(command: Sequence[str]) -> tuple[TaskIdentity, str] | None:
    """Return the same for the command with which an executor of Airflow 2 runs a task."""
    from types import SimpleNamespace

    from airflow.cli.cli_parser import get_parser

    words = get_parser().parse_args(list(command)[1:])
    return find_try(
        SimpleNamespace(
            dag_id=words.dag_id,
            task_id=words.task_id,
            run_id=words.execution_date_or_run_id,
            map_index=words.map_index,
        )
    )
