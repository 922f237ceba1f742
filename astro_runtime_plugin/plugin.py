"""The AirflowPlugin; picks the line's adapter."""

from __future__ import annotations

import logging
from functools import cached_property
from importlib import import_module
from typing import Any

from airflow import __version__ as airflow_version
from airflow.plugins_manager import AirflowPlugin

from astro_runtime_plugin import listeners as listener_module

log = logging.getLogger("astro_runtime")

ADAPTERS = {
    "3": "astro_runtime_plugin.web.airflow3",
    "2": "astro_runtime_plugin.web.airflow2",
}  # by Airflow's major


def extensions() -> dict[str, list[Any]]:
    """Return what the line's adapter adds to Airflow; nothing, and one warning, where it fails."""
    try:
        adapter = import_module(ADAPTERS[airflow_version.split(".")[0]])
        added: dict[str, list[Any]] = adapter.extensions()
    except Exception as error:
        log.warning("Airflow runs without the Runtime's footer and links: %r", error)
        return {}
    return added


class AstroRuntimePlugin(AirflowPlugin):
    """What Airflow finds under the entry point group `airflow.plugins`.

    Every Airflow process loads it and only the web server asks for what it adds, so the adapter, and FastAPI
    with it, is imported when it is asked for: a task pays nothing.
    """

    name = "astro_runtime"
    listeners = [listener_module]  # noqa: RUF012 - Airflow's way

    @cached_property
    def _extensions(self) -> dict[str, list[Any]]:
        return extensions()

    @cached_property
    def fastapi_apps(self) -> list[Any]:
        """The Runtime's JSON and the footer's script."""
        return self._extensions.get("fastapi_apps", [])

    @cached_property
    def fastapi_root_middlewares(self) -> list[Any]:
        """The footer."""
        return self._extensions.get("fastapi_root_middlewares", [])

    @cached_property
    def external_views(self) -> list[Any]:
        """The links in the docs menu."""
        return self._extensions.get("external_views", [])

    @cached_property
    def react_apps(self) -> list[Any]:
        """The Runtime page."""
        return self._extensions.get("react_apps", [])

    # What Airflow 2 asks for; on Airflow 3 the adapter adds nothing under these names.

    @cached_property
    def flask_blueprints(self) -> list[Any]:
        """The Runtime's JSON and the footer."""
        return self._extensions.get("flask_blueprints", [])

    @cached_property
    def appbuilder_menu_items(self) -> list[Any]:
        """The links in the docs menu."""
        return self._extensions.get("appbuilder_menu_items", [])
