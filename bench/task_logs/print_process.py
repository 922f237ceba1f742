"""Writes lines into a task's log the way Airflow does, and prints the seconds of processor time that each has taken.

The arguments are the number of lines and of rounds. The lines go to stdout too if the settings say so; the result goes
to stderr, as it is not one of them.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

PATH = "dag_id=dag/run_id=run/task_id=task/attempt=1.log"
TASK = {"dag_id": "dag", "run_id": "run", "task_id": "task", "map_index": -1, "try_number": 1}
TEXT = "line %d of the task" + "." * 60


def supervised_writer() -> Callable[[str], Any]:
    """Return what writes a line in a supervisor of Airflow 3. Source: _configure_logging of sdk's supervisor.py."""
    import structlog
    from airflow.sdk.log import init_log_file, logging_processors

    from astro_runtime_plugin.fixes.task_logs_to_stdout import is_set
    from astro_runtime_plugin.task_logs.airflow3.stdout import print_log
    from astro_runtime_plugin.task_logs.stdout import identity_of

    output: Any = structlog.BytesLogger(init_log_file(PATH).open("ab"))
    logger = structlog.wrap_logger(
        output, processors=logging_processors(json_output=True), logger_name="task"
    ).bind()
    if is_set():
        print_log(logger, identity_of(SimpleNamespace(**TASK)), PATH)
    return lambda text: logger.info(text, logger="task.stdout")


def handler_writer() -> Callable[[str], Any]:
    """Return what writes a record in a task's process of Airflow 2."""
    from airflow import settings
    from airflow.configuration import conf
    from airflow.utils.log.file_task_handler import FileTaskHandler

    settings.MASK_SECRETS_IN_LOGS = True  # as `airflow tasks run` does

    class Handler(FileTaskHandler):  # type: ignore[misc]
        def _render_filename(self, *_: Any) -> str:
            return PATH

    handler = Handler(conf.get("logging", "base_log_folder"))
    handler.setFormatter(logging.getLogger("airflow.task").handlers[0].formatter)
    for each in logging.getLogger("airflow.task").handlers[0].filters:
        handler.addFilter(each)
    handler.set_context(SimpleNamespace(**TASK, is_trigger_log_context=False))
    logger = logging.Logger("airflow.task", logging.INFO)
    logger.addHandler(handler)
    return logger.info


def main(count: str, rounds: str) -> None:
    """Write `count` lines `rounds` times; report the least time of a line."""
    import airflow

    is_airflow_3 = airflow.__version__.startswith("3")
    write = supervised_writer() if is_airflow_3 else handler_writer()
    times = []
    for _ in range(int(rounds)):
        started = time.process_time()
        for number in range(int(count)):
            write(TEXT % number)
        times.append((time.process_time() - started) / int(count))
    print(f"\nRESULT {min(times)}", file=sys.__stderr__, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
