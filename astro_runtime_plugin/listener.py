"""Hears a component's job start. Every Airflow process loads this module, so it imports little."""

from __future__ import annotations

import logging

from pluggy import HookimplMarker

log = logging.getLogger("astro_runtime")


@HookimplMarker("airflow")
def on_starting(component: object) -> None:
    """Begin what a component does beside its job.

    Airflow calls this from `Job.__init__`, before the job has a type; Airflow 2 does not catch what is raised in it.
    """
    if type(component).__name__ != "Job":
        return
    try:
        from astro_runtime_plugin.beside import begin

        begin()
    except Exception as error:
        log.warning("astro-runtime: nothing runs beside this component: %s", type(error).__name__)
