"""The child process that searches a broker and its workers for the messages of tasks; its answer is one line of JSON.

The question is `(settings, queues)`: the broker's settings, and the Celery ids of the tasks by queue. The answer lists
the ids that certainly nobody has: in each of two rounds, they were in no queue, every worker replied, and no worker
had them. It is empty if that cannot be known.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any

from astro_runtime_plugin import child_process
from astro_runtime_plugin.celery_client import create_app, remote_control_problem
from astro_runtime_plugin.fixes.support.broker_queues import BROKERS, Ask, Queues, UncertainError
from astro_runtime_plugin.parallelism.replies import InvalidReplyError, read_tasks
from astro_runtime_plugin.parallelism.reply_mailbox import ANSWER_SECONDS, ReplyControl
from astro_runtime_plugin.parallelism.worker_inspector import limit_memory

PAUSE_SECONDS = 5.0  # between the rounds: longer than a message takes from its queue into a worker
MAX_SECONDS = 50


def search(app: Any, queues: Queues) -> set[str]:
    """Return the ids that nobody has, in one round. Raises UncertainError, and the errors of the broker."""
    with app.connection_for_write() as connection:
        broker = BROKERS[connection.transport.driver_type](connection)
        missing = {celery_id for ids in queues.values() for celery_id in ids} - broker.waiting(queues)
        control = ReplyControl(app)

        def ask(question: str) -> dict[str, Any]:
            options = {"reply": True, "timeout": ANSWER_SECONDS, "connection": connection}
            bodies = control.broadcast(question, {}, **options)
            return {name: reply for body in bodies if isinstance(body, dict) for name, reply in body.items()}

        return missing - ids_with_workers(ask, broker.workers(ask, queues)) if missing else missing


def ids_with_workers(ask: Ask, workers: Collection[str]) -> set[str]:
    """Return the ids of the tasks that the workers have. Raises UncertainError unless each worker replies."""
    active, reserved, scheduled = ask("active"), ask("reserved"), ask("scheduled")
    if any(replies.keys() != workers for replies in (active, reserved, scheduled)):
        raise UncertainError
    try:
        requests = [[entry["request"] for entry in reply] for reply in scheduled.values()]
        replies = [*active.values(), *reserved.values(), *requests]
        return {celery_id for reply in replies for celery_id in read_tasks(reply)}
    except (InvalidReplyError, LookupError, TypeError):
        raise UncertainError from None


def search_twice(settings: Mapping[str, Any], queues: Queues) -> Collection[str]:
    """Return the ids that nobody has in two rounds. Raises the errors of `search`."""
    app = create_app(settings)
    if remote_control_problem(app):
        raise UncertainError
    first = search(app, queues)
    if not first:
        return first
    time.sleep(PAUSE_SECONDS)
    return first & search(app, queues)


def main() -> None:
    """Answer the parent's question."""
    missing: Collection[str] = ()
    with suppress(Exception), child_process.time_limit(MAX_SECONDS):  # each transport has its own errors
        settings, queues = child_process.read_question()
        limit_memory()
        missing = search_twice(settings, queues)
    print(json.dumps(sorted(missing)), flush=True)
