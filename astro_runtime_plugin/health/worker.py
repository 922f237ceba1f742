"""Checks that this container's Celery worker answers and consumes a queue, without Airflow's Celery application."""

from __future__ import annotations

from typing import Any

from celery import Celery
from celery.app.defaults import DEFAULTS
from celery.utils.nodenames import default_nodename, host_format
from kombu.exceptions import OperationalError

from astro_runtime_plugin.celery_client import create_app
from astro_runtime_plugin.health.celery_settings import celery_configuration
from astro_runtime_plugin.health.settings import HealthSettings, UnhealthyError, UnknownHealthError
from entrypoint.endpoints import endpoints

ANSWER_SECONDS = 5


def check_worker(settings: HealthSettings) -> None:
    """Raise UnhealthyError if the worker does not answer through the broker, or consumes no queue."""
    app = worker_app(settings)
    if not app.conf.worker_enable_remote_control:
        raise UnknownHealthError("the worker's remote control is off (worker_enable_remote_control)")
    if not supports_fanout(app):
        raise UnknownHealthError("the broker does not support the remote control of workers")
    node = host_format(default_nodename(settings.command_line_option("-H", "--celery-hostname")))
    check_queues(node, active_queues(app, node))


def worker_app(settings: HealthSettings) -> Celery:
    """Return an application that is configured like the worker's, and gives up quickly."""
    conf = Celery(set_as_current=False, config_source=celery_configuration(settings)).conf
    return create_app({name: conf[name] for name in DEFAULTS})  # whatever way the operator spells the names


def supports_fanout(app: Celery) -> bool:
    """Return whether the broker delivers one message to many workers, which a question to them needs.

    Celery's workers listen to questions under the same condition: `include_if` in celery/worker/consumer/control.py.
    """
    with app.connection_for_write() as connection:
        # Amazon SQS has a property there, but its transport does not support the type.
        fanout = getattr(connection.transport.Channel, "supports_fanout", True)
        return fanout is not False and bool(connection.supports_exchange_type("fanout"))


def active_queues(app: Celery, node: str) -> Any:
    """Return the queues that the worker consumes; None if it does not answer.

    Raises UnhealthyError if the broker does not answer.
    """
    try:
        answers = app.control.inspect(destination=[node], timeout=ANSWER_SECONDS).active_queues()
    except Exception as error:  # each transport has its own errors
        addresses = ", ".join(map(str, endpoints(str(app.conf.broker_url), "[celery] broker_url")))
        if isinstance(error, broker_errors(app)):
            raise UnhealthyError(
                f"could not query the broker at {addresses or 'its address'}: {type(error).__name__}"
            ) from None
        raise
    return (answers or {}).get(node)


def broker_errors(app: Celery) -> tuple[type[Exception], ...]:
    """Return the errors by which the broker's client says that the broker cannot be used."""
    connection = app.connection_for_write()
    return (OperationalError, OSError, *connection.connection_errors, *connection.channel_errors)


def check_queues(node: str, queues: Any) -> None:
    """Raise UnhealthyError unless there is a queue. What a worker answers is input: it may be anything."""
    if queues is None:
        raise UnhealthyError(f"the worker {node} does not answer")
    if not isinstance(queues, list):
        raise UnknownHealthError(f"the worker {node} answers, but not which queues it consumes")
    if not queues:
        raise UnhealthyError(f"the worker {node} consumes no queue")
