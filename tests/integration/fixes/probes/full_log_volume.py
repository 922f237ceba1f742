"""Has the DAG processor or the triggerer write a log for which there is no room; reports the error or `works`."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from testing.installed_line import LINE
from testing.proof import report

HOME = Path(os.environ["AIRFLOW_HOME"])
FULL = "/dev/full"  # each write to it fails as on a full volume
SOURCE = """
from airflow import DAG
print("a line for the log")
dag = DAG("proof", schedule=None)
"""


def write_dag() -> Path:
    """Write the DAG file."""
    file = HOME / "dags" / "proof.py"
    file.parent.mkdir()
    file.write_text(SOURCE)
    return file


def assert_dag() -> None:
    """Assert that the file's DAG is in the database."""
    from airflow.models.dag import DagModel
    from airflow.utils.session import create_session

    with create_session() as session:
        assert session.get(DagModel, "proof")


def parse_3() -> None:
    """Let a real manager parse a DAG file that prints a line."""
    from airflow.dag_processing.manager import DagFileProcessorManager

    write_dag()
    manager = DagFileProcessorManager(max_runs=1)
    path = Path(manager._get_log_dir()) / "dags-folder" / "proof.py.log"
    path.parent.mkdir(parents=True)
    path.symlink_to(FULL)
    manager.run()
    assert_dag()


def parse_2() -> None:
    """Do what the process does that the manager starts for a DAG file that prints a line."""
    from multiprocessing import Pipe

    from airflow import settings
    from airflow.dag_processing.processor import DagFileProcessorProcess

    file = write_dag()
    (handler,) = logging.getLogger("airflow.processor").handlers
    log = Path(handler._get_log_directory()) / "proof.py.log"  # type: ignore[attr-defined]
    log.symlink_to(FULL)
    _receiver, sender = Pipe(duplex=False)
    parents: Any = SimpleNamespace(close=lambda: None)
    process: Any = DagFileProcessorProcess
    process._run_file_processor(sender, parents, str(file), False, None, "thread", str(file.parent), [])
    settings.configure_orm()
    assert_dag()


def trigger_3() -> None:
    """Let the triggerer's logger of a trigger write two lines."""
    from airflow.jobs.triggerer_job_runner import TriggerLoggingFactory
    from airflow.sdk.log import logging_processors

    (HOME / "logs").mkdir(exist_ok=True)
    (HOME / "logs" / "trigger.log").symlink_to(FULL)
    factory = TriggerLoggingFactory(log_path="trigger.log", ti=SimpleNamespace())  # type: ignore[arg-type]
    for _ in range(2):
        factory(logging_processors(json_output=True)).info("a line for the log")
    factory.close()


def trigger_2() -> None:
    """Let the triggerer's handler write two lines of a trigger, and then its end; an error ends its thread."""
    from airflow.utils.log.file_task_handler import FileTaskHandler
    from airflow.utils.log.trigger_handler import TriggererHandlerWrapper  # type: ignore[import-not-found]

    base: Any = FileTaskHandler(str(HOME / "logs"))
    base._render_filename = lambda ti, try_number: "task"
    (HOME / "logs" / "task.trigger.1.log").symlink_to(FULL)
    handler: Any = TriggererHandlerWrapper(base)
    task = SimpleNamespace(try_number=1, is_trigger_log_context=True, triggerer_job=SimpleNamespace(id=1))
    for is_end in (False, False, True):
        words = {"msg": "a line for the log", "trigger_id": 1, "task_instance": task, "trigger_end": is_end}
        record = logging.makeLogRecord({**words, "__individual_trigger": True})
        handler.handle(record)


PROBES = {
    ("3.3", "dag processor"): parse_3,
    ("3.3", "triggerer"): trigger_3,
    ("2.11", "dag processor"): parse_2,
    ("2.11", "triggerer"): trigger_2,
}
try:
    PROBES[LINE, sys.argv[1]]()
    report("works")
except (OSError, RecursionError) as error:
    report(type(error).__name__)
