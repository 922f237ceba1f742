"""Queues tasks in a real CeleryExecutor while its broker is away, and starts the broker again.

Arguments: the broker, and its port. The environment has [celery] broker_url and sync_parallelism.
"""

from __future__ import annotations

import sys
from typing import Any

from airflow.providers.celery.executors.celery_executor import CeleryExecutor

from testing import servers
from testing.proof import report
from testing.queued_tasks import create_tasks, queue_tasks, take_states
from testing.waiting import wait_until

BROKERS: dict[str, Any] = {"redis": servers.redis, "rabbitmq": servers.rabbitmq}
broker, port = BROKERS[sys.argv[1]], int(sys.argv[2])
executor: Any = CeleryExecutor()
executor.start()
first, *others = create_tasks(4)


def waiting() -> list[str]:
    return sorted(key.task_id for key in executor.queued_tasks)


def messages() -> int:
    with executor.celery_app.connection_for_read() as connection:
        return int(
            connection.default_channel.queue_declare("default", durable=True, auto_delete=False).message_count
        )


with broker(port=port):
    queue_tasks(executor, [first])
    executor.heartbeat()
    assert take_states(executor) == {"task_0": "queued"}
queue_tasks(executor, others)
for _ in range(3):
    executor.heartbeat()
away = {"states": take_states(executor), "waiting": waiting()}
with broker(port=port):
    wait_until(lambda: executor.heartbeat() or not executor.queued_tasks)
    states = take_states(executor)
    # RabbitMQ counts a message a moment after it was sent.
    wait_until(lambda: messages() >= len(states), lambda: f"{messages()} messages for {states}")
    back = {"states": states, "messages": messages()}
report({"away": away, "back": back})
