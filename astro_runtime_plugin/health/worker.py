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
    node = host_format(default_nodename(settings.command_line_option("-H", "--celery-hostname")))
    try:
        has_fanout = supports_fanout(app)
        queues = active_queues(app, node) if has_fanout else None
    except Exception as error:  # each transport has its own errors
        raise broker_problem(app, error) from None
    if not has_fanout:
        raise UnknownHealthError("the broker does not support the remote control of workers")
    check_queues(node, queues)


def worker_app(settings: HealthSettings) -> Celery:
    """Return an application that is configured like the worker's, and gives up quickly."""
    conf = Celery(set_as_current=False, config_source=celery_configuration(settings)).conf
    return create_app({name: conf[name] for name in DEFAULTS})  # whatever way the operator spells the names


def supports_fanout(app: Celery) -> bool:
    """Return whether the broker delivers one message to many workers, which a question to them needs.

    Celery's workers listen to questions under the same condition: `include_if` in celery/worker/consumer/control.py.
    """
    with app.connection_for_write() as connection:
        # Only kombu's own brokers have the attribute. Amazon SQS has a property there, but lacks the exchange type.
        channel = getattr(connection.transport, "Channel", None)
        fanout = getattr(channel, "supports_fanout", True)
        return fanout is not False and bool(connection.supports_exchange_type("fanout"))


def active_queues(app: Celery, node: str) -> Any:
    """Return the queues that the worker consumes; None if it does not answer.

    Uses a connection of its own: kombu's pools, which belong to the process, ignore the TLS settings in their keys.
    """
    app.control.mailbox.producer_pool = None
    with app.connection_for_write() as connection:
        inspect = app.control.inspect(destination=[node], timeout=ANSWER_SECONDS, connection=connection)
        return (inspect.active_queues() or {}).get(node)


def broker_problem(app: Celery, error: Exception) -> Exception:
    """Return what an error means: UnhealthyError if the broker does not answer; others say nothing of the worker.

    Raises StartError for a URL with a port that is not one.
    """
    addresses = ", ".join(map(str, endpoints(str(app.conf.broker_url), "[celery] broker_url")))
    connection = app.connection_for_write()
    errors = (OperationalError, OSError, *connection.connection_errors, *connection.channel_errors)
    if not isinstance(error, errors):
        return error
    return UnhealthyError(
        f"could not query the broker at {addresses or 'its address'}: {type(error).__name__}"
    )


def check_queues(node: str, queues: Any) -> None:
    """Raise UnhealthyError unless there is a queue. What a worker answers is input: it may be anything."""
    if queues is None:
        raise UnhealthyError(f"the worker {node} does not answer")
    if not isinstance(queues, list):
        raise UnknownHealthError(f"the worker {node} answers, but not which queues it consumes")
    if not queues:
        raise UnhealthyError(f"the worker {node} consumes no queue")
