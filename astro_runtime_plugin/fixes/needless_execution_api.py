"""A DAG processor builds an execution API when a DAG file or a callback first asks it for something.

A DAG processor of Airflow 3 has the API of the tasks within its own process, for the Variables, Connections and XComs
that DAG files read while they are parsed. It imports FastAPI and builds all routes before it parses the first file,
although most files ask for nothing. Here the first request does that, once; if it fails, the DAG processor ends, as it
does at its start otherwise. What that builds is frozen, as the rest of a DAG processor is, so that no garbage
collection in a fork copies it. The DAG processor still imports aiohttp at its start, which came along: its forks parse
DAGs, and many providers import aiohttp.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from importlib import import_module
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.stand_in import stand_in

ID = "needless-execution-api"
API_MODULE = "airflow.api_fastapi.execution_api.app"
NAME = "InProcessExecutionAPI"
MANAGER = "airflow.dag_processing.manager"  # it makes the API while it is created
SHARED = "aiohttp"  # with the forks


def build_late(create: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Wrap `_create_dag_processor_job_runner`, which creates the manager."""

    @wraps(create)
    def create_without_api(args: Any) -> Any:
        if API_MODULE in sys.modules:
            return create(args)
        with stand_in(API_MODULE, MANAGER, {NAME: make_late_api}):
            return create(args)

    return create_without_api


def make_late_api() -> Any:
    """Return what stands for the API; the API itself if that fails."""
    return attempt(ID, None, _make_late_api) or make_api()


def _make_late_api() -> Any:
    from astro_runtime_plugin.fixes.support.late_execution_api import LateExecutionAPI

    with suppress(Exception):  # as in stock Airflow, a DAG processor without it works
        import_module(SHARED)
    return LateExecutionAPI(build_api, settle)


def make_api() -> Any:
    """Return Airflow's API, which builds its application when that is used."""
    return getattr(import_module(API_MODULE), NAME)()


def build_api() -> Any:
    """Return Airflow's API with its application, which its transport would build after it has started a thread."""
    api = make_api()
    _ = api.app
    return api


def settle() -> None:
    """Have the forks share what the first request has built."""
    attempt(ID, None, freeze_again)


def freeze_again() -> None:
    """Freeze what exists now, if the DAG processor has done so before: a collection in a fork copies what is not."""
    if gc.get_freeze_count():
        gc.collect()
        gc.freeze()


FIX = Fix(
    id=ID,
    title="A DAG processor builds an execution API only for DAG files that ask it for something",
    symptom="A DAG processor takes 20 MiB of memory and half a second at its start that it does not need.",
    issue="",
    ends="Airflow's DAG processor builds its execution API at the first request.",
    patches=(
        Patch(
            "airflow.cli.commands.dag_processor_command",
            "_create_dag_processor_job_runner",
            ("eea6e8b66dc01aa0",),
            build_late,
            ("3.3",),
        ),
    ),
)
