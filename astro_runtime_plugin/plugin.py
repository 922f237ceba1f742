"""The AirflowPlugin; it picks the adapter for the Airflow that runs."""

from __future__ import annotations

import logging
from functools import cached_property
from importlib import import_module
from typing import Any

from airflow.plugins_manager import AirflowPlugin

from astro_runtime_plugin import airflow_compat
from astro_runtime_plugin import listeners as listener_module

log = logging.getLogger("astro_runtime")

# By line.
ADAPTERS = {
    "3.3": "astro_runtime_plugin.web.airflow3",
    "2.11": "astro_runtime_plugin.web.airflow2",
}


def load_extensions() -> dict[str, list[Any]]:
    """Return what the adapter adds to Airflow; if it fails, log one warning and return nothing."""
    try:
        adapter = import_module(ADAPTERS[airflow_compat.line()])
        extensions: dict[str, list[Any]] = adapter.extensions()
    except Exception as error:
        log.warning("Airflow runs without the Runtime's footer and links: %r", error)
        return {}
    return extensions


class AstroRuntimePlugin(AirflowPlugin):
    """The plugin that Airflow loads through the entry point group `airflow.plugins`.

    Every Airflow process loads it, but only the web server reads the extensions. They are computed on first access,
    so that no other process pays for importing the adapter and its web framework.
    """

    name = "astro_runtime"
    listeners = [listener_module]  # noqa: RUF012 - Airflow expects a class attribute

    @cached_property
    def _extensions(self) -> dict[str, list[Any]]:
        return load_extensions()

    # Read by Airflow 3; on Airflow 2 the adapter adds nothing under these names.

    @cached_property
    def fastapi_apps(self) -> list[Any]:
        """The app that serves the Runtime's API, the Runtime page and the static files."""
        return self._extensions.get("fastapi_apps", [])

    @cached_property
    def fastapi_root_middlewares(self) -> list[Any]:
        """The middleware that adds the footer to every page."""
        return self._extensions.get("fastapi_root_middlewares", [])

    @cached_property
    def external_views(self) -> list[Any]:
        """The links in the docs menu."""
        return self._extensions.get("external_views", [])

    @cached_property
    def react_apps(self) -> list[Any]:
        """The Runtime page in the Admin menu."""
        return self._extensions.get("react_apps", [])

    # Read by Airflow 2; on Airflow 3 the adapter adds nothing under these names.

    @cached_property
    def flask_blueprints(self) -> list[Any]:
        """The blueprint with the Runtime's API, the Runtime page and the footer."""
        return self._extensions.get("flask_blueprints", [])

    @cached_property
    def appbuilder_menu_items(self) -> list[Any]:
        """The Runtime page in the Admin menu, and the links in the docs menu."""
        return self._extensions.get("appbuilder_menu_items", [])
