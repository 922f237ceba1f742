"""Airflow 3's logging configuration: the Runtime's handler with a store, Airflow's own without a usable one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from testing.entrypoint_process import CHECKOUT, isolated_environment

HANDLER = "TaskLogHandler"
OURS = "astro_runtime_plugin.task_logs.airflow3.logging_config.LOGGING_CONFIG"
# What a process has in place after `import airflow`, which the entrypoint has not launched.
PROBE = """
import json, logging, sys
import airflow.settings
airflow.settings.initialize()
from airflow.configuration import conf
from airflow.logging_config import get_default_remote_conn_id, get_remote_task_log
from airflow.sdk.log import load_remote_conn_id, load_remote_log_handler
handler = next(each for each in logging.getLogger("airflow.task").handlers if each.name == "task")
core, sdk = get_remote_task_log(), load_remote_log_handler()
print(json.dumps({
    "class": conf.get("logging", "logging_config_class", fallback=""),
    "handler": type(handler).__name__,
    "writers": [type(each).__name__ for each in (core, sdk)],
    "is_one": core is sdk,
    "connections": [get_default_remote_conn_id(), load_remote_conn_id()],
}))
"""


def configuration(home: Path, **options: str) -> tuple[Any, str]:
    """Return what the probe prints with these options of [astro_runtime], and its other output."""
    variables = {f"AIRFLOW__ASTRO_RUNTIME__{name.upper()}": text for name, text in options.items()}
    done = subprocess.run(
        [sys.executable, "-c", PROBE],
        env=isolated_environment(home, **variables),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    *others, last = done.stdout.splitlines()
    return json.loads(last), "\n".join([*others, done.stderr])


def test_process_that_the_entrypoint_did_not_launch_has_the_store(tmp_path: Path) -> None:
    found, _ = configuration(tmp_path, task_logs=f"file://{tmp_path}/store", task_logs_conn_id="mine")
    assert found == {
        "class": OURS,
        "handler": HANDLER,
        "writers": ["TaskLogIO", "TaskLogIO"],
        "is_one": True,
        "connections": ["mine", "mine"],
    }


@pytest.mark.parametrize(("url", "config_class"), [("ftp://host/folder", OURS), ("", "")])
def test_without_a_usable_store_everything_is_airflows_own(
    tmp_path: Path, url: str, config_class: str
) -> None:
    found, output = configuration(tmp_path, task_logs=url)
    assert found["handler"] == "FileTaskHandler"
    assert found["writers"] == ["NoneType", "NoneType"]
    assert found["class"] in (
        config_class,
        "airflow.config_templates.airflow_local_settings.DEFAULT_LOGGING_CONFIG",
    )
    assert ("[astro_runtime] task_logs must be" in output) is bool(url)
