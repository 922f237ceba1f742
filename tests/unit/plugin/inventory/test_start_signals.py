"""Which components without a job are recorded when they start."""

from __future__ import annotations

import pytest
from celery import Celery
from pytest_mock import MockerFixture

from astro_runtime_plugin.component import WITHOUT_LISTENER, from_subcommand
from astro_runtime_plugin.inventory import start_signals

COMMANDS = {
    "airflow celery worker": "celery worker",
    "airflow celery flower": "celery flower",
    "airflow kerberos": "kerberos",
    "airflow kerberos --one-time": None,
    "airflow api-server --apps execution": "api-server",
    "airflow api-server --apps=execution": "api-server",
    "airflow api-server": None,
}


def test_every_component_without_a_listener_has_a_signal() -> None:
    assert {*start_signals.SIGNALS} == {*WITHOUT_LISTENER}


@pytest.mark.parametrize("command", COMMANDS)
def test_component_without_a_job_is_watched(mocker: MockerFixture, command: str) -> None:
    signals = {component: mocker.Mock() for component in start_signals.SIGNALS}
    mocker.patch.object(start_signals, "SIGNALS", signals)
    words = command.split()
    start_signals.watch(from_subcommand(words[1:]) or "", words)
    watched = [component for component, connect in signals.items() if connect.called]
    assert watched == [*filter(None, [COMMANDS[command]])]


def test_worker_that_cannot_name_its_image_starts(
    mocker: MockerFixture, caplog: pytest.LogCaptureFixture
) -> None:
    mocker.patch("astro_runtime_plugin.inventory.worker_reply.current_image", side_effect=LookupError)
    app = Celery(broker="memory://", set_as_current=False)
    start_signals._add_image(sender=mocker.Mock(app=app))
    assert app.steps["worker"] == set()
    assert caplog.messages == ["astro-runtime: this worker does not name its image: LookupError"]
