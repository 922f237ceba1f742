"""The plugin as Airflow loads it: lazy, and never in the way."""

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

ATTRIBUTES = ("fastapi_apps", "fastapi_root_middlewares", "external_views")
LOAD = """
import sys
from airflow import plugins_manager
(ours,) = [one for one in plugins_manager._get_plugins()[0] if one.name == "astro_runtime"]
before = "fastapi" in sys.modules
apps, middlewares = plugins_manager.get_fastapi_plugins()
print(before, [app["url_prefix"] for app in apps], len(middlewares), len(ours.external_views))
"""


def test_a_process_that_serves_no_pages_does_not_pay_for_them() -> None:
    done = subprocess.run([sys.executable, "-c", LOAD], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False ['/astro-runtime'] 1 3"


@pytest.mark.parametrize("failure", ["import", "adapter", "line"])
def test_a_failing_adapter_adds_nothing_and_warns_once(
    failure: str, mocker: MockerFixture, caplog: pytest.LogCaptureFixture
) -> None:
    if failure == "import":
        mocker.patch.dict(sys.modules, {"astro_runtime_plugin.web.airflow3": None})
    elif failure == "adapter":
        mocker.patch.object(airflow3, "extensions", side_effect=LookupError("no release"))
    else:
        mocker.patch.object(plugin, "airflow_version", "9.0.0")
    loaded = plugin.AstroRuntimePlugin()
    with caplog.at_level(logging.WARNING, "astro_runtime"):
        assert [getattr(loaded, name) for name in ATTRIBUTES] == [[], [], []]
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "Airflow runs without the Runtime's footer" in caplog.text


def test_a_value_that_airflow_cannot_read_leaves_the_defaults_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "airflow.cfg").write_text(
        '[astro_runtime]\nlinks = {"Wiki": "https://wiki.example.com/a%20b"}\n'
    )
    environ = {**os.environ, "AIRFLOW_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", LOAD], env=environ, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "False ['/astro-runtime'] 1 3"
    warning = "[astro_runtime] links cannot be read; in airflow.cfg a % is written %%"
    assert (done.stdout + done.stderr).count(warning) == 1
