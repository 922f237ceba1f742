"""The plugin on Airflow 2: who pays for it, and what is left where it fails."""

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

LOADED = """
import sys
from airflow import plugins_manager
plugins_manager.ensure_plugins_loaded()
plugins_manager.integrate_macros_plugins()
plugins_manager.initialize_ti_deps_plugins()
print(*[plugin.name for plugin in plugins_manager.plugins])
print(*[name for name in sys.modules if name.startswith(("flask", "astro_runtime_plugin.", "pydantic"))])
"""


def test_a_process_that_serves_no_page_imports_no_flask(tmp_path: Path) -> None:
    (tmp_path / "airflow.cfg").touch()
    done = subprocess.run(
        [sys.executable, "-c", LOADED], env=environment(tmp_path), capture_output=True, text=True
    )
    *_, plugins, modules = done.stdout.splitlines()
    assert "astro_runtime" in plugins.split()
    assert "astro_runtime_plugin.plugin" in modules.split()
    assert not {"flask", "astro_runtime_plugin.web.airflow2", "astro_runtime_plugin.web.schemas"} & set(
        modules.split()
    )


def test_it_adds_what_airflow_2_asks_for_and_nothing_of_airflow_3() -> None:
    plugin = AstroRuntimePlugin()
    assert [blueprint.name for blueprint in plugin.flask_blueprints] == ["astro_runtime"]
    names = [item["label"] for item in plugin.appbuilder_menu_items]
    assert names == ["Runtime", "Release notes", "Provider registry", "Issue tracker"]
    assert (plugin.fastapi_apps, plugin.fastapi_root_middlewares, plugin.external_views) == ([], [], [])


@pytest.mark.parametrize("part", ["release_of", "configured_links", "FooterBlueprint"])
def test_without_the_adapter_nothing_is_added_and_it_is_said_once(
    mocker: MockerFixture, caplog: pytest.LogCaptureFixture, part: str
) -> None:
    mocker.patch.object(airflow2, part, side_effect=LookupError("broken on purpose"))
    logging.getLogger("astro_runtime").propagate = True
    plugin = AstroRuntimePlugin()
    assert (plugin.flask_blueprints, plugin.appbuilder_menu_items) == ([], [])
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert (
        "Airflow runs without the Runtime's footer and links: LookupError('broken on purpose')" in caplog.text
    )
