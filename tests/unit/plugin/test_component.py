"""Which component a command line runs, and when a silent one counts as dead."""

from __future__ import annotations

import pytest

from astro_runtime_plugin.component import (
    COMPONENTS,
    HEARTBEAT_THRESHOLDS,
    JOB_TYPES,
    from_subcommand,
    heartbeat_threshold,
    identify,
)
from entrypoint.airflow_line import LINES

COMMANDS = {
    "airflow scheduler": "scheduler",
    "/opt/bin/airflow dag-processor --num-runs 1": "dag-processor",
    "/opt/airflow/__main__.py triggerer --capacity 5": "triggerer",
    "airflow api-server --workers 2": "api-server",
    "airflow webserver --debug": "webserver",
    "/opt/gunicorn/__main__.py --workers 4 airflow.www.app:cached_app()": "webserver",
    "airflow celery worker -q high": "celery worker",
    "airflow celery flower --port 5555": "celery flower",
    "airflow kerberos": "kerberos",
    "airflow celery stop": None,
    "airflow tasks run a b c": None,
    "airflow jobs check --job-type SchedulerJob": None,
    "airflow db migrate": None,
    "gunicorn airflow.utils.serve_logs:app": None,
    "airflow": None,
}


@pytest.mark.parametrize("command", COMMANDS)
def test_command_line_identifies_component(command: str) -> None:
    assert identify(command.split(), {}) == COMMANDS[command]


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("component", COMPONENTS)
def test_every_component_has_a_heartbeat_threshold(component: str, line: str) -> None:
    threshold = heartbeat_threshold(component, line)
    assert threshold.default * threshold.factor > 0


@pytest.mark.parametrize("line", LINES)
def test_job_types_are_those_of_the_thresholds(line: str) -> None:
    assert {*HEARTBEAT_THRESHOLDS[line]} == {*JOB_TYPES.values()}


@pytest.mark.parametrize("component", COMPONENTS)
def test_subcommand_is_found_among_the_given_components(component: str) -> None:
    words = (*component.split(), "--port", "80")
    assert from_subcommand(words) == component
    assert from_subcommand(words, ("standalone",)) is None
