"""Checks that this container's Celery worker answers and consumes a queue, without Airflow's Celery application."""

from __future__ import annotations

import time
from typing import Any

from celery import Celery
from celery.app.defaults import DEFAULTS
from celery.utils.nodenames import default_nodename, host_format
from kombu.exceptions import OperationalError

from astro_runtime_plugin.celery_client import create_app, support_problem
from astro_runtime_plugin.health.celery_settings import celery_configuration
from astro_runtime_plugin.health.drained_worker import forget_drained, is_drained
from astro_runtime_plugin.health.settings import HealthSettings, UnhealthyError, UnknownHealthError
from entrypoint.endpoints import endpoints

ANSWER_SECONDS = 5


def check_worker(settings: HealthSettings) -> None:
    """Raise UnhealthyError if the worker does not answer through the broker, or consumes no queue."""
    app, start = worker_app(settings), time.time()
    node = worker_node(settings)
    try:
        problem = support_problem(app)
        queues = None if problem else active_queues(app, node)
    except Exception as error:  # each transport has its own errors
        raise broker_problem(app, error) from None
    if problem:
        raise UnknownHealthError(f"the worker cannot be queried: {problem}")
    if queues:
        forget_drained(node, start)
    if queues != [] or not is_drained(node):
        check_queues(node, queues)


def worker_node(settings: HealthSettings) -> str:
    """Return the worker's name among Celery's nodes."""
    return str(host_format(default_nodename(settings.command_line_option("-H", "--celery-hostname"))))


def worker_app(settings: HealthSettings) -> Celery:
    """Return an application that is configured like the worker's, and gives up quickly."""
    conf = Celery(set_as_current=False, config_source=celery_configuration(settings)).conf
    return create_app({name: conf[name] for name in DEFAULTS})  # whatever way the operator spells the names


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
    addresses = ", ".join(map(str, endpoints(str(app.conf.broker_write_url), "[celery] broker_url")))
    connection = app.connection_for_write()
    errors = (OperationalError, OSError, *connection.connection_errors, *connection.channel_errors)
    if not isinstance(error, errors):
        return error
    return UnhealthyError(
        f"could not query the broker at {addresses or 'its address'}: {type(error).__name__}"
    )


def check_queues(node: str, queues: Any) -> None:
    """Raise UnhealthyError unless there is a queue with a name. A worker's answer is input: it may be anything."""
    if queues is None:
        raise UnhealthyError(f"the worker {node} does not answer")
    if queues == []:
        raise UnhealthyError(f"the worker {node} consumes no queue")
    if not isinstance(queues, list) or not any(map(has_name, queues)):
        raise UnknownHealthError(f"the worker {node} answers, but not which queues it consumes")


def has_name(queue: Any) -> bool:
    """Return whether an entry of a worker's answer is a queue: an object with a name."""
    name = queue.get("name") if isinstance(queue, dict) else None
    return isinstance(name, str) and bool(name)
