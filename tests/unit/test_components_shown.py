from __future__ import annotations

import pytest

from astro_runtime_plugin.inventory.component import COMPONENTS, identify, threshold
from astro_runtime_plugin.inventory.listing import RunningComponent, iso_utc, live_components, to_record
from entrypoint.airflow_line import LINES

WORKER = RunningComponent("celery worker", "a", "orders:7", "3.3-1", "2026-11-24T10:00:00+00:00")
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
def test_a_command_line_is_a_component_or_none(command: str) -> None:
    assert identify(command.split(), {}) == COMMANDS[command]


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("component", COMPONENTS)
def test_every_component_has_a_time_after_which_it_is_dead(component: str, line: str) -> None:
    _, _, seconds, times = threshold(component, line)
    assert seconds * times > 0


def test_a_component_lives_until_it_has_been_silent_for_too_long() -> None:
    record = to_record(WORKER, 1000.0, 30.0)
    assert live_components([record], 1030.0) == [WORKER]
    assert live_components([record], 1030.1) == []


def test_the_processes_of_a_component_on_a_host_count_as_one_since_the_first() -> None:
    later = WORKER._replace(since="2026-11-24T11:00:00+00:00")
    other = WORKER._replace(host="b", image_tag="orders:6")
    records = [to_record(one, 0.0, 1.0) for one in (later, WORKER, other)]
    assert live_components(records, 0.0) == [WORKER, other]


def test_a_moment_is_in_utc() -> None:
    assert iso_utc(0.9) == "1970-01-01T00:00:00+00:00"
