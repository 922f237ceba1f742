"""A process that replies to Celery's questions as any number of Airflow's workers would."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from kombu.connection import Connection
from kombu.pidbox import Mailbox

from bench.scale.reply_messages import SENDERS, Sender
from bench.scale.worker_replies import COMMANDS, reply, worker_name


class Exchange(NamedTuple):
    """A question that the workers have replied to, its bytes, and those of all replies."""

    command: str
    question: int
    replies: int


def run_workers(url: str, count: int, ready: Any, received: Any) -> None:
    """Reply until the process is ended; `received` gets each `Exchange`."""
    with Connection(url) as connection:
        channel = connection.default_channel
        sender = SENDERS[connection.transport.driver_type](channel)
        mailbox = Mailbox("celery", type="fanout", accept=["json"], serializer="json")(connection)
        mailbox.Node("simulated", channel=channel).listen(callback=replier(sender, count, received.put))
        with suppress(TimeoutError):  # Redis hears of the subscription only now
            connection.drain_events(timeout=0.1)
        ready.set()
        while True:
            with suppress(TimeoutError):
                connection.drain_events(timeout=1)


def replier(
    sender: Sender, count: int, record: Callable[[Exchange], None]
) -> Callable[[Mapping[str, Any], Any], None]:
    """Return what replies to a question for all workers, or for those that it names."""
    names = [worker_name(number) for number in range(count)]
    bodies = {
        command: [json.dumps({name: reply(command, number)}).encode() for number, name in enumerate(names)]
        for command in COMMANDS
    }
    messages = {command: [sender.encode(body) for body in bodies[command]] for command in COMMANDS}

    def answer(question: Mapping[str, Any], message: Any) -> None:
        names_in_question = {*question["destination"]} if question["destination"] else None
        replies = [
            reply
            for name, reply in zip(names, messages[question["method"]], strict=True)
            if names_in_question is None or name in names_in_question
        ]
        sender.send(replies, "{routing_key}.{exchange}".format(**question["reply_to"]), question["ticket"])
        command = question["method"]
        record(Exchange(command, len(message.body), sum(map(len, bodies[command]))))

    return answer


@contextmanager
def simulated_workers(url: str, count: int) -> Iterator[Any]:
    """Run `count` workers; yield a queue with each `Exchange`."""
    context = multiprocessing.get_context("spawn")
    ready, received = context.Event(), context.Queue()
    process = context.Process(target=run_workers, args=(url, count, ready, received), daemon=True)
    process.start()
    try:
        assert ready.wait(300)
        yield received
    finally:
        process.terminate()
        process.join()
