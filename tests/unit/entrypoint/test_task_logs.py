"""The logging configuration for task logs: the Runtime's with `task_logs`, the operator's where there is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from entrypoint.build_environment import build_environment
from entrypoint.task_logs import AIRFLOW_CONFIG, LEFT_ALONE, RUNTIME_CONFIG
from testing.installed_line import LINE

TASK_LOGS = "AIRFLOW__ASTRO_RUNTIME__TASK_LOGS"
CONFIG_CLASS = "AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS"
REMOTE = "AIRFLOW__LOGGING__REMOTE_LOGGING"
URL = "s3://bucket/prefix"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"AIRFLOW_HOME": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin"}


@pytest.mark.parametrize(
    ("variables", "is_used"),
    [
        ({}, False),
        ({TASK_LOGS: ""}, False),
        ({TASK_LOGS: URL}, True),
        ({TASK_LOGS: URL, REMOTE: "False", CONFIG_CLASS: ""}, True),
        ({TASK_LOGS: URL, CONFIG_CLASS: AIRFLOW_CONFIG}, True),
        ({TASK_LOGS: URL, REMOTE: "True"}, False),
        ({TASK_LOGS: URL, CONFIG_CLASS: "mine.LOGGING"}, False),
    ],
    ids=str,
)
def test_configuration_is_the_runtimes_unless_operator_has_one(
    environ: dict[str, str], variables: dict[str, str], is_used: bool
) -> None:
    exported = build_environment({**environ, **variables}).environ
    expected = RUNTIME_CONFIG[LINE] if is_used else variables.get(CONFIG_CLASS)
    assert exported.get(CONFIG_CLASS) == expected


@pytest.mark.parametrize(
    ("section", "text", "is_read"),
    [
        ("logging", "remote_logging = True", True),
        ("logging", "logging_config_class = mine.LOGGING", True),
        ("core", "remote_logging = True", LINE == "2.11"),
        ("core", "logging_config_class = mine.LOGGING", LINE == "2.11"),
    ],
)
def test_operators_own_is_left_alone_with_one_line(
    environ: dict[str, str], tmp_path: Path, section: str, text: str, is_read: bool
) -> None:
    (tmp_path / "airflow.cfg").write_text(f"[astro_runtime]\ntask_logs = {URL}\n[{section}]\n{text}\n")
    prepared = build_environment(environ)
    assert (CONFIG_CLASS in prepared.environ) is not is_read
    lines = [line for setting in prepared.settings if LEFT_ALONE in (line := setting.log_line)]
    assert len(lines) == is_read
    assert all(f"[{section}] {text.partition(' ')[0]} in " in line for line in lines)


def test_setting_that_is_removed_takes_the_export_along(environ: dict[str, str]) -> None:
    first = build_environment({**environ, TASK_LOGS: URL}).environ
    assert build_environment(first).environ == first
    del first[TASK_LOGS]
    assert CONFIG_CLASS not in build_environment(first).environ
