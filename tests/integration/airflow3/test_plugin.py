"""The plugin on Airflow 3: it loads lazily, and Airflow works if it fails."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from astro_runtime_plugin import plugin
from astro_runtime_plugin.web import airflow3

ATTRIBUTES = ("fastapi_apps", "fastapi_root_middlewares", "external_views", "react_apps")
LOAD_PLUGINS = """
import sys
from airflow import plugins_manager
(plugin,) = [plugin for plugin in plugins_manager._get_plugins()[0] if plugin.name == "astro_runtime"]
imported_early = "fastapi" in sys.modules
apps, middlewares = plugins_manager.get_fastapi_plugins()
print(imported_early, [app["url_prefix"] for app in apps], len(middlewares), len(plugin.external_views))
"""


def test_process_that_serves_no_pages_does_not_import_fastapi() -> None:
    process = subprocess.run([sys.executable, "-c", LOAD_PLUGINS], capture_output=True, text=True, check=True)
    assert process.stdout.splitlines()[-1] == "False ['/astro-runtime'] 1 3"


@pytest.mark.parametrize("failure", ["import", "adapter", "line"])
def test_failing_adapter_adds_nothing_and_warns_once(
    failure: str, mocker: MockerFixture, caplog: pytest.LogCaptureFixture
) -> None:
    if failure == "import":
        mocker.patch.dict(sys.modules, {"astro_runtime_plugin.web.airflow3": None})
    elif failure == "adapter":
        mocker.patch.object(airflow3, "extensions", side_effect=LookupError("no release"))
    else:
        mocker.patch("airflow.__version__", "9.0.0")
    loaded = plugin.AstroRuntimePlugin()
    with caplog.at_level(logging.WARNING, "astro_runtime"):
        assert [getattr(loaded, name) for name in ATTRIBUTES] == [[], [], [], []]
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "Airflow runs without the Runtime's footer" in caplog.text


def test_unreadable_links_leave_the_default_links_with_one_warning(tmp_path: Path) -> None:
    cfg = '[astro_runtime]\nlinks = {"Wiki": "https://wiki.example.com/a%20b"}\n'
    (tmp_path / "airflow.cfg").write_text(cfg)
    environ = {**os.environ, "AIRFLOW_HOME": str(tmp_path)}
    process = subprocess.run(
        [sys.executable, "-c", LOAD_PLUGINS], env=environ, capture_output=True, text=True, check=True
    )
    assert process.stdout.splitlines()[-1] == "False ['/astro-runtime'] 1 3"
    warning = "[astro_runtime] links cannot be read; in airflow.cfg a % is written %%"
    assert (process.stdout + process.stderr).count(warning) == 1
