"""Settings of Airflow's logging work as ever with a store; where the operator's logging decides, the store is off."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from entrypoint.task_logs import LEFT_ALONE
from testing.entrypoint_process import CHECKOUT, isolated_environment
from testing.printed_lines import assert_printed_once, printed_lines
from testing.s3_server import BUCKET, S3Server
from testing.supervised_task import LOG
from testing.task_logs import keys, stored, until_stored
from tests.integration.task_logs.airflow3.conftest import POD_COMMAND, WORKER_COMMAND, RunDag
from tests.integration.task_logs.conftest import Place

STORE = "AIRFLOW__ASTRO_RUNTIME__TASK_LOGS"
TO_STDOUT = {"AIRFLOW__ASTRO_RUNTIME__TASK_LOGS_TO_STDOUT": "True"}
# Airflow imports the parser while it imports what a formatter or a configuration is made of.
MODULES = {
    "operators_parser.py": """
def parse(line):
    return None
""",
    "operators_logging.py": """
import os, shutil
from pathlib import Path
from airflow.config_templates.airflow_local_settings import DEFAULT_LOGGING_CONFIG as LOGGING_CONFIG
from airflow.utils.log.timezone_aware import TimezoneAware

class Formatter(TimezoneAware):
    created = False
    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        Formatter.created = True

class RemoteLogs:
    processors = ()

    def upload(self, path, ti=None):
        logs = Path(os.environ["AIRFLOW_HOME"]) / "logs"
        shutil.copy(logs / path, Path(os.environ["FOLDER"]) / "uploaded")

REMOTE_TASK_LOG = RemoteLogs()

def adapt(secret):
    return secret[::-1]
""",
}
DAG = """
import logging, structlog
from airflow.sdk import DAG, task
from airflow.sdk.log import mask_secret

with DAG("dag"):
    @task(task_id="task")
    def work():
        mask_secret("secret of the task")
        print("adapted", "secret of the task"[::-1])
        logging.getLogger("mine").info("details \\u2603")
        structlog.get_logger("quiet").warning("left out")
        structlog.get_logger("loud").warning("not left out")
    work()
"""
# Prints the kind of the handler that reads, and whether the operator's formatter is in use.
PROBE = """
import logging
import airflow.settings
airflow.settings.initialize()
import operators_logging
(handler,) = [each for each in logging.getLogger("airflow.task").handlers if each.name == "task"]
logging.getLogger("airflow.mine").warning("a line of the component")
print(type(handler).__name__, operators_logging.Formatter.created)
"""


# A component that starts another process with its words, as an executor does.
PARENT = """
import subprocess, sys
import airflow
subprocess.run([sys.executable, "-c", "import airflow", *sys.argv[1:]], check=True)
"""


def logging_options(**options: str) -> dict[str, str]:
    return {f"AIRFLOW__LOGGING__{name.upper()}": text for name, text in options.items()}


@pytest.fixture(autouse=True)
def modules(tmp_path: Path) -> None:
    """Write the operator's modules, where Airflow finds them."""
    folder = tmp_path / "a" / "config"
    folder.mkdir(parents=True)
    for name, text in MODULES.items():
        (folder / name).write_text(text)


def is_json(line: str) -> bool:
    return line.startswith("{") and json.loads(line)["event"] == "a line of the component"


COMPONENTS: dict[str, tuple[dict[str, str], Callable[[str], bool]]] = {
    "text": (
        logging_options(
            log_format="[%(asctime)s] MINE %(message)s",
            log_timestamp_format="in %Y",
            log_formatter_class="operators_logging.Formatter",
            interleave_timestamp_parser="operators_parser.parse",
        ),
        lambda line: line.startswith("[in 20") and line.endswith("] MINE a line of the component"),
    ),
    "json": (logging_options(json_logs="True", log_formatter_class="operators_logging.Formatter"), is_json),
}


@pytest.mark.parametrize("case", COMPONENTS)
def test_component_logs_as_the_operator_says(tmp_path: Path, case: str) -> None:
    variables, is_expected = COMPONENTS[case]
    environ = isolated_environment(tmp_path / "a", **{STORE: f"file://{tmp_path}/store"}, **variables)
    done = subprocess.run(
        [sys.executable, "-c", PROBE], env=environ, cwd=CHECKOUT, capture_output=True, text=True, timeout=300
    )
    *lines, last = done.stdout.splitlines()
    assert last == "TaskLogHandler True", done.stderr
    assert sum(is_expected(line) for line in lines if "a line of the component" in line) == 1


def event_of(log: bytes, text: str) -> Any:
    (event,) = [event for event in map(json.loads, log.splitlines()) if event["event"].startswith(text)]
    return event


# What each option of [logging] does to the log of a task: by its bytes, and the permissions of its file.
TASK_OPTIONS: dict[str, tuple[str, Callable[[bytes, int], bool]]] = {
    "log_format": (
        "MINE %(message)s",
        lambda log, _: b"MINE" not in log,
    ),  # of Airflow 3, for components alone
    "log_formatter_class": ("operators_logging.Formatter", lambda log, _: bool(event_of(log, "details"))),
    "json_logs": ("True", lambda log, _: bool(event_of(log, "details"))),
    "callsite_parameters": (
        "func_name",
        lambda log, _: {"func_name": "work"}.items() <= event_of(log, "details").items(),
    ),
    "namespace_levels": ("quiet=ERROR", lambda log, _: log.count(b"left out") == 1),
    "secret_mask_adapter": (
        "operators_logging.adapt",
        lambda log, _: event_of(log, "adapted")["event"] == "adapted ***",
    ),
    "file_task_handler_new_file_permissions": ("0o600", lambda _, mode: mode == 0o600),
}


def test_options_of_task_logs_keep_working(folder_place: Place, run_dag: RunDag) -> None:
    options = logging_options(**{name: text for name, (text, _) in TASK_OPTIONS.items()})
    with run_dag(folder_place, DAG, variables={**options, **TO_STDOUT}, command=WORKER_COMMAND) as task:
        assert task.wait() == 0, task.describe()
        until_stored(folder_place.store, LOG, lambda _: keys(folder_place.store) == [LOG])
        assert stored(folder_place.store, LOG) == task.log.read_bytes()
        log, mode = task.log.read_bytes(), stat.S_IMODE(task.log.stat().st_mode)
        failed = [name for name, (_, is_kept) in TASK_OPTIONS.items() if not is_kept(log, mode)]
        assert failed == []
        assert_printed_once(printed_lines(task.describe()), task.log)


OPERATORS_OWN: Mapping[str, Callable[[str], dict[str, str]]] = {
    "configuration": lambda _: logging_options(logging_config_class="operators_logging.LOGGING_CONFIG"),
    "remote logging": lambda prefix: logging_options(
        remote_logging="True", remote_base_log_folder=f"s3://{BUCKET}/{prefix}/stock"
    ),
}


@pytest.mark.parametrize("case", OPERATORS_OWN)
def test_logging_of_the_operator_decides(
    s3: S3Server, s3_place: Place, run_dag: RunDag, tmp_path: Path, case: str
) -> None:
    options = {**OPERATORS_OWN[case](tmp_path.name), **TO_STDOUT}
    command = ("-m", "entrypoint", sys.executable, *POD_COMMAND)
    with run_dag(s3_place, DAG, variables=options, command=command) as task:
        assert task.wait() == 0, task.describe()
        assert task.describe().count(LEFT_ALONE) == 1
        assert keys(s3_place.store) == []
        stock = s3.store(f"s3://{BUCKET}/{tmp_path.name}/stock")
        copy = task.folder / "uploaded"
        uploaded = copy.read_bytes() if case == "configuration" else stored(stock, LOG)
        assert event_of(uploaded, "details")["logger"] == "mine"
        (printed,) = [
            line for line in printed_lines(task.describe()) if line["message"].startswith("details")
        ]
    assert printed["logger"] == "mine"


@pytest.mark.parametrize(
    ("launcher", "words", "count"),
    [
        ((), ("scheduler",), 1),
        (("-m", "entrypoint", sys.executable), ("scheduler",), 1),
        ((), ("dags", "list"), 0),
    ],
    ids=["component", "component of the entrypoint", "command"],
)
def test_component_says_once_that_the_store_is_off(
    tmp_path: Path, launcher: tuple[str, ...], words: tuple[str, ...], count: int
) -> None:
    options = logging_options(logging_config_class="operators_logging.LOGGING_CONFIG")
    environ = isolated_environment(tmp_path / "a", **{STORE: f"file://{tmp_path}/store"}, **options)
    command = [sys.executable, *launcher, "-c", PARENT, *words]
    done = subprocess.run(command, env=environ, cwd=CHECKOUT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count(LEFT_ALONE) == count
