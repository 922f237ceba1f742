"""The AirflowPlugin; picks the line's adapter."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin


class AstroRuntimePlugin(AirflowPlugin):
    """What Airflow finds under the entry point group `airflow.plugins`."""

    name = "astro_runtime"
