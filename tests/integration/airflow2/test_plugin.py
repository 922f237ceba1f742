"""The plugin on Airflow 2: it loads lazily, and Airflow works if it fails."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from astro_runtime_plugin.plugin import AstroRuntimePlugin
from astro_runtime_plugin.web import airflow2
from testing.entrypoint_process import environment

LIST_MODULES = """
import sys
from airflow import plugins_manager
plugins_manager.ensure_plugins_loaded()
plugins_manager.integrate_macros_plugins()
plugins_manager.initialize_ti_deps_plugins()
print(*[plugin.name for plugin in plugins_manager.plugins])
print(*[name for name in sys.modules if name.startswith(("flask", "astro_runtime_plugin.", "pydantic"))])
"""
WEB_MODULES = {
    "flask",
    "astro_runtime_plugin.web.airflow2",
    "astro_runtime_plugin.web.airflow2_routes",
    "astro_runtime_plugin.web.schemas",
}


def test_process_that_serves_no_pages_does_not_import_flask(tmp_path: Path) -> None:
    (tmp_path / "airflow.cfg").touch()
    process = subprocess.run(
        [sys.executable, "-c", LIST_MODULES], env=environment(tmp_path), capture_output=True, text=True
    )
    *_, plugins, modules = process.stdout.splitlines()
    assert "astro_runtime" in plugins.split()
    assert "astro_runtime_plugin.plugin" in modules.split()
    assert not WEB_MODULES & set(modules.split())


def test_plugin_has_the_extensions_of_airflow_2_only() -> None:
    plugin = AstroRuntimePlugin()
    assert [blueprint.name for blueprint in plugin.flask_blueprints] == ["astro_runtime"]
    labels = [item["label"] for item in plugin.appbuilder_menu_items]
    assert labels == ["Runtime", "Release notes", "Provider registry", "Issue tracker"]
    assert (plugin.fastapi_apps, plugin.fastapi_root_middlewares) == ([], [])
    assert (plugin.external_views, plugin.react_apps) == ([], [])


@pytest.mark.parametrize("part", ["release_of", "read_web_options", "create_blueprint"])
def test_failing_adapter_adds_nothing_and_warns_once(
    mocker: MockerFixture, caplog: pytest.LogCaptureFixture, part: str
) -> None:
    mocker.patch.object(airflow2, part, side_effect=LookupError("broken on purpose"))
    logging.getLogger("astro_runtime").propagate = True
    plugin = AstroRuntimePlugin()
    assert (plugin.flask_blueprints, plugin.appbuilder_menu_items) == ([], [])
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    warning = "Airflow runs without the Runtime's footer and links: LookupError('broken on purpose')"
    assert warning in caplog.text
