"""Hears a scheduler start. Every Airflow process loads this module, so it imports little."""

from __future__ import annotations

import logging
import sys

from pluggy import HookimplMarker

log = logging.getLogger("astro_runtime")


@HookimplMarker("airflow")
def on_starting(component: object) -> None:
    """Let parallelism follow the workers, where a scheduler's `Job` is made: before its executors are.

    Airflow calls this from `Job.__init__`, and Airflow 2 does not catch what is raised in it.
    """
    runner = sys.modules.get("airflow.jobs.scheduler_job_runner")
    if runner is None or type(component).__name__ != "Job":
        return
    try:
        from astro_runtime_plugin.parallelism.activate import activate

        activate(runner)
    except Exception as error:
        log.warning("astro-runtime: parallelism does not follow the workers: %r", error)
