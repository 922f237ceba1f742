"""Which components are heard begin though they have no job."""

from __future__ import annotations

import pytest
from pytest_mock import MockerFixture

from astro_runtime_plugin.inventory import start_signals

COMMANDS = {
    "airflow celery worker": "celery worker",
    "airflow celery flower": "celery flower",
    "airflow kerberos": "kerberos",
    "airflow kerberos --one-time": None,
    "airflow api-server --apps execution": "api-server",
    "airflow api-server --apps=execution": "api-server",
    "airflow api-server": None,
    "airflow celery stop": None,
    "airflow scheduler": None,
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_component_without_a_job_is_heard(mocker: MockerFixture, command: str) -> None:
    hears = {component: mocker.Mock() for component in start_signals.WATCHERS}
    mocker.patch.object(start_signals, "WATCHERS", hears)
    start_signals.watch(command.split())
    assert [name for name, heard in hears.items() if heard.called] == [*filter(None, [COMMANDS[command]])]
