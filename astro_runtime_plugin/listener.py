"""Hears a component's job start. Every Airflow process loads this module, so it imports the standard library alone."""

from __future__ import annotations

from pluggy import HookimplMarker


@HookimplMarker("airflow")
def on_starting(component: object) -> None:
    """Let the component be recorded.

    Airflow calls this from `Job.__init__`, before the job has a type, and Airflow 2 does not catch what is raised in it.
    """
    if type(component).__name__ == "Job":
        from astro_runtime_plugin.components.announce import begin

        begin()
