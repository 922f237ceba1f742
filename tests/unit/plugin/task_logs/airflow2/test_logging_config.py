from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from airflow.config_templates.airflow_local_settings import DEFAULT_LOGGING_CONFIG

from astro_runtime_plugin.task_logs.airflow2 import logging_config
from astro_runtime_plugin.task_logs.airflow2.logging_config import configure
from testing.entrypoint_process import CHECKOUT, isolated_environment

URL = "AIRFLOW__ASTRO_RUNTIME__TASK_LOGS"
CONFIG_CLASS = "AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS"
LOGGING_CONFIG = "astro_runtime_plugin.task_logs.airflow2.logging_config.LOGGING_CONFIG"
OURS = "astro_runtime_plugin.task_logs.airflow2.handler.TaskLogHandler"
BREAK = """
import sys
sys.modules["astro_runtime_plugin.task_logs.airflow2.handler"] = None
import logging
import airflow
airflow.settings.initialize()
print(*(type(handler).__name__ for handler in logging.getLogger("airflow.task").handlers))
"""


def test_configuration_is_airflows_own_but_for_the_handler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL, "file:///shared")
    found = configure(DEFAULT_LOGGING_CONFIG)
    assert found["handlers"]["task"] == {**DEFAULT_LOGGING_CONFIG["handlers"]["task"], "class": OURS}
    handlers = {**found["handlers"], "task": DEFAULT_LOGGING_CONFIG["handlers"]["task"]}
    assert {**found, "handlers": handlers} == DEFAULT_LOGGING_CONFIG


@pytest.mark.parametrize("url", ["", "nonsense", "s3://user:secret@bucket"])
def test_configuration_without_a_usable_store_is_airflows_own(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv(URL, url)
    assert configure(DEFAULT_LOGGING_CONFIG) is DEFAULT_LOGGING_CONFIG


def test_handler_that_is_not_airflows_own_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL, "file:///shared")
    theirs = {"handlers": {"task": {"class": "their.Handler"}}}
    assert configure(theirs) is theirs


def test_name_of_airflows_handler() -> None:
    assert DEFAULT_LOGGING_CONFIG["handlers"]["task"]["class"] == logging_config.AIRFLOWS


def test_fault_of_the_handler_leaves_airflows_own_and_one_warning(tmp_path: Path) -> None:
    environ = isolated_environment(tmp_path, **{URL: "file:///shared", CONFIG_CLASS: LOGGING_CONFIG})
    done = subprocess.run(
        [sys.executable, "-c", BREAK], env=environ, cwd=CHECKOUT, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.splitlines()[-1:] == ["FileTaskHandler"], done.stderr
    assert (done.stdout + done.stderr).count("task logs stay on this machine") == 1
