"""Operators' own formats, formatters, handlers and logging configurations beside a store and lines on stdout."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from astro_runtime_plugin.task_logs.stores.file_systems import FolderStore
from entrypoint.task_logs import LEFT_ALONE
from testing.airflow2_installation import Airflow2
from testing.airflow2_logs import wait_for_whole
from testing.entrypoint_process import CHECKOUT, ENTRYPOINT
from testing.printed_lines import other_lines, printed_lines
from testing.servers import Postgres

TASK_LOGS = "AIRFLOW__ASTRO_RUNTIME__TASK_LOGS"
TO_STDOUT = "AIRFLOW__ASTRO_RUNTIME__TASK_LOGS_TO_STDOUT"
CONFIG_CLASS = "AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS"
NO_FILE = "handler `task` writes no file"
MODULE = """
import copy, json, logging
from airflow.config_templates.airflow_local_settings import DEFAULT_LOGGING_CONFIG
from airflow.utils.log.file_task_handler import FileTaskHandler

class JsonFormatter(logging.Formatter):
    def format(self, record):
        return json.dumps({"text": super().format(record), "level": record.levelname})

class Handler(FileTaskHandler):
    def emit(self, record):
        record.msg = f"by the operator: {record.msg}"
        super().emit(record)

COPY = copy.deepcopy(DEFAULT_LOGGING_CONFIG)
COPY["formatters"]["airflow"]["format"] = "a copy: %(message)s"
OWN_HANDLER = copy.deepcopy(DEFAULT_LOGGING_CONFIG)
OWN_HANDLER["handlers"]["task"]["class"] = "own_logging.Handler"
NO_FILE = copy.deepcopy(DEFAULT_LOGGING_CONFIG)
NO_FILE["handlers"]["task"] = {
    "class": "logging.StreamHandler",
    "stream": "ext://sys.__stdout__",
    "formatter": "airflow",
    "filters": ["mask_secrets"],
}
"""


class Case(NamedTuple):
    """An operator's logging: how the file of a log begins a line, whether the store gets it, and stdout."""

    variables: dict[str, str]
    line: str
    is_stored: bool = True
    is_printed: bool = True


CASES = {
    "formats": Case(
        {
            "AIRFLOW__LOGGING__LOG_FORMAT": "%(levelname)s|%(message)s",
            "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "True",
            "AIRFLOW__LOGGING__TASK_LOG_PREFIX_TEMPLATE": "{{ ti.dag_id }}-{{ ti.task_id }}",
        },
        r"INFO\|from a library",
    ),
    "formatter": Case(
        {"AIRFLOW__LOGGING__LOG_FORMATTER_CLASS": "own_logging.JsonFormatter"},
        r'\{"text": ".*INFO - from a library", "level": "INFO"\}',
    ),
    "copy": Case({CONFIG_CLASS: "own_logging.COPY"}, "a copy: from a library", is_stored=False),
    "handler": Case(
        {CONFIG_CLASS: "own_logging.OWN_HANDLER"}, r"\[.*by the operator: from a library", is_stored=False
    ),
    "no-file": Case({CONFIG_CLASS: "own_logging.NO_FILE"}, "", is_stored=False, is_printed=False),
}


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory, metadata: Postgres) -> Iterator[Airflow2]:
    home = tmp_path_factory.mktemp("home")
    airflow = Airflow2(home, metadata.create("custom_logging", "migrated"), "")
    (home / "config" / "own_logging.py").write_text(MODULE)
    airflow.create_runs(*CASES)
    yield airflow
    airflow.close()


def run_task(airflow: Airflow2, run: str, variables: dict[str, str]) -> str:
    """Run the task `talk` as a container does, and return what its processes print."""
    command = [*ENTRYPOINT, "airflow", "tasks", "run", "logs", "talk", run, "--local", "--force"]
    done = subprocess.run(
        command,
        env={**airflow.environ, **variables},
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize("run", CASES)
def test_operators_logging_keeps_working_or_is_refused(airflow: Airflow2, run: str) -> None:
    case, path = CASES[run], airflow.path(run, "talk")
    folder = f"{airflow.home}/store"  # the same for all, since the first one's shipper goes on
    variables = {TASK_LOGS: f"file://{folder}", TO_STDOUT: "True", **case.variables}
    output = run_task(airflow, run, variables)
    log = airflow.local(path)
    if case.line:
        assert re.search(f"^{case.line}$", log.decode(), re.MULTILINE), log[:3000]
    if case.is_stored:
        assert wait_for_whole(FolderStore(folder), path, airflow) == log
    else:
        assert FolderStore(folder).list(path) == []
    assert output.count(LEFT_ALONE) == (not case.is_stored)
    lines = printed_lines(output)
    assert output.count(NO_FILE) == (not case.is_printed), output[:3000]
    if case.is_printed:
        assert sum(line["message"].endswith("from a library") for line in lines) == 1
        assert sum("from a library" in line for line in other_lines(output)) == 0
    else:
        assert lines == []
        assert sum("from a library" in line for line in other_lines(output)) == 1
