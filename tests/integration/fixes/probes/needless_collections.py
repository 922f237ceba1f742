"""What Python's garbage collector does while Airflow is imported: `needless_collections CASE`."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from testing.proof import report

CASE = sys.argv[1]
POD = "airflow.sdk.execution_time.execute_workload"
FIXES, OFF = "AIRFLOW__ASTRO_RUNTIME__FIXES", "-needless-collections"


def turn_off_in_cfg() -> None:
    """Turn the fix off in airflow.cfg alone."""
    del os.environ[FIXES]
    Path(os.environ["AIRFLOW_HOME"], "airflow.cfg").write_text(f"[astro_runtime]\nfixes = {OFF}\n")


def stop_in_local_settings() -> None:
    """Have the operator's local settings, which Airflow imports when it starts, stop the collector."""
    folder = Path(os.environ["AIRFLOW_HOME"], "config")
    folder.mkdir()
    (folder / "airflow_local_settings.py").write_text("import gc\n\ngc.disable()\n")


PREPARATIONS: dict[str, Callable[[], Any]] = {
    "off in variable": lambda: os.environ.update({FIXES: OFF}),
    "off in airflow.cfg": turn_off_in_cfg,
    "pod": lambda: setattr(sys, "orig_argv", [sys.executable, "-m", POD]),
    "disabled": gc.disable,
    "disabled meanwhile": stop_in_local_settings,
    "old": gc.collect,
    "failing": lambda: sys.modules.__setitem__("airflow.configuration", None),  # type: ignore[assignment]
}


def collections() -> int:
    """Return how often this process has collected garbage."""
    return sum(generation["collections"] for generation in gc.get_stats())


def run() -> None:
    """Import Airflow; in other cases also import what a pod does, create the web application, or run a command."""
    import airflow

    if CASE == "pod":
        import airflow.executors.base_executor
        import airflow.executors.workloads
        import airflow.sdk.execution_time.supervisor
        import airflow.sdk.execution_time.task_runner  # noqa: F401

    if CASE == "application":
        from airflow.www.app import cached_app

        cached_app()

    if CASE == "command":
        from airflow.__main__ import main

        sys.argv[1:] = ["dags", "list-import-errors", "--help"]
        with contextlib.suppress(SystemExit):
            main()


def observe() -> dict[str, Any]:
    """Return what is left of the pause once Airflow has been imported, or has failed to be."""
    threshold = gc.get_threshold()
    PREPARATIONS.get(CASE, lambda: None)()
    before, failed = collections(), False
    try:
        run()
    except ImportError:
        failed = True
    return {
        "collected": collections() - before > 50,  # stock Airflow has hundreds
        "frozen": gc.get_freeze_count() > 0,
        "enabled": gc.isenabled(),
        "thresholds kept": gc.get_threshold() == threshold,
        "failed": failed,
    }


report(observe())
