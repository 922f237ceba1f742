"""Parses DAG files with a DAG processor, once and one after another: `needless_execution_api NAME…`.

A file's DAG has as tags what the file found: `quiet` looks only at what its process has imported, any other name reads
Variables and a Connection. With MISSING in the environment, that package cannot be imported.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from threading import Thread
from typing import Any

NAMES = sys.argv[1:]
os.environ["AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES"] = "1"
sys.argv = ["airflow", "dag-processor", "--num-runs", "1"]  # as Airflow's start finds it

from airflow.models import Connection, DagModel, Variable  # noqa: E402
from airflow.models.serialized_dag import SerializedDagModel  # noqa: E402
from airflow.utils.session import create_session  # noqa: E402

from testing.airflow_command import airflow_command  # noqa: E402
from testing.proof import report  # noqa: E402

MODULES = ["aiohttp", "airflow.api_fastapi.execution_api.app", "cadwyn", "fastapi"]
THREAD = "InProcessExecutionAPI-loop"
QUIET = f"""
import sys
from airflow.sdk import DAG
dag = DAG("quiet", tags=[name for name in {MODULES} if name in sys.modules])
"""
READER = """
from airflow.sdk import DAG, BaseHook, Variable
found = {{"colour": Variable.get("colour"), "missing": Variable.get("missing", default="none")}}
found["host"] = BaseHook.get_connection("store").host
dag = DAG("{name}", tags=[f"{{name}} {{value}}" for name, value in found.items()])
"""
FOLDER = Path(os.environ["AIRFLOW_HOME"]) / "dags"
observed: dict[str, Any] = {"apis": 0}


def prepare() -> None:
    """Write the DAG files, and what they read from the database."""
    FOLDER.mkdir()
    for name in NAMES:
        (FOLDER / f"{name}.py").write_text(QUIET if name == "quiet" else READER.format(name=name))
    with create_session() as session:
        session.add(Variable("colour", "blue"))
        session.add(Connection("store", conn_type="http", host="store.example"))


def count_apis() -> None:
    """Count the APIs that this process makes from now on: each has a thread."""
    start = Thread.start

    def count(self: Thread) -> None:
        observed["apis"] += self.name == THREAD
        start(self)

    Thread.start = count  # type: ignore[method-assign]


def look_at_the_end() -> None:
    """Have the manager look at what it has imported when it has parsed the files."""
    from airflow.dag_processing.manager import DagFileProcessorManager

    def look(manager: DagFileProcessorManager) -> None:
        observed["imported"] = [name for name in MODULES if name in sys.modules]

    DagFileProcessorManager.after_run = look  # type: ignore[method-assign]


def saved_dags() -> dict[str, list[str]]:
    """Return the tags of each DAG that has been saved, by its id."""
    with create_session() as session:
        ids = [row.dag_id for row in session.query(SerializedDagModel.dag_id)]
        return {name: sorted(tag.name for tag in session.get(DagModel, name).tags) for name in sorted(ids)}


def run() -> None:
    """Run the DAG processor until it ends."""
    if missing := os.environ.get("MISSING"):
        sys.modules[missing] = None  # type: ignore[assignment]
    try:
        airflow_command(*sys.argv[1:])
    except BaseException as error:
        observed["error"] = type(error.__cause__ or error).__name__


prepare()
count_apis()
look_at_the_end()
run()
report({**observed, "dags": saved_dags()})
