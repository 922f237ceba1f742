"""Whatever a process that reaches the broker replies, the other workers count, and the bad one is named."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from astro_runtime_plugin.options.text import printable
from astro_runtime_plugin.parallelism import reply_mailbox
from astro_runtime_plugin.parallelism.bounds import MAX_POOL, MAX_REPLY_BYTES
from astro_runtime_plugin.parallelism.worker_inspector import WorkerInspector
from testing.fake_worker import RawReply, fake_worker
from testing.servers import rabbitmq, redis
from testing.waiting import wait_until

BROKERS: dict[str, Callable[[], AbstractContextManager[str]]] = {
    "memory": lambda: contextlib.nullcontext("memory://"),
    "redis": redis,
    "rabbitmq": rabbitmq,
}
# By worker: its replies, and the reason why one is invalid; without a reason the message is ignored.
CASES: dict[str, tuple[dict[str, Any], str | None]] = {
    "negative pool": (
        {"stats": {"pool": {"max-concurrency": -1000}}},
        "pool.max-concurrency: Input should be",
    ),
    "error": ({"stats": {"error": "KeyError('x')"}}, "it replied with an error: KeyError('x')"),
    "error later": ({"active_queues": {"error": "KeyError('x')"}}, "it replied with an error: KeyError('x')"),
    "unknown tasks": ({"registered": {"error": "no"}}, "it replied with an error: no"),
    "another shape": ({"stats": [1, 2]}, "the reply: "),
    "no queues": ({"active_queues": None}, "the reply: "),
    "not JSON": ({"stats": [RawReply(b"{")]}, None),
    "no mapping": ({"stats": [RawReply(b"7"), RawReply(b"[1]"), RawReply(b"null")]}, None),
    "not text": ({"stats": [RawReply(b"\xff\xfe")]}, None),
    "pickle": (
        {"stats": [RawReply(b"cos\nabort\n(tR.", content_type="application/x-python-serialize")]},
        None,
    ),
    "headers": ({"stats": [RawReply(b"{}", {"clock": "x", "expires": "y", "compression": "gzip"})]}, None),
    "too large": ({"stats": [RawReply(json.dumps({"bad@host": "x" * MAX_REPLY_BYTES}).encode())]}, None),
    "a flood": ({"stats": [RawReply(b"x")] * 50}, None),
    "huge": (
        {"stats": {"pool": {"max-concurrency": 10**9}}},
        f"more than {MAX_POOL} tasks at once; {MAX_POOL} count",
    ),
    "name\nERROR \x1b[2J": ({"active_queues": [{"name": "q\r\n\x1b[31m"}], "stats": {"pid": 2}}, None),
}
COUNTED = [("huge", MAX_POOL, ("default",)), (r"name\nERROR \x1b[2J", 0, (r"q\r\n\x1b[31m",))]


@pytest.fixture(params=BROKERS)
def broker(request: pytest.FixtureRequest) -> Iterator[str]:
    with BROKERS[request.param]() as url:
        yield url


def complete_answer(inspector: WorkerInspector, workers: int, invalid: int) -> dict[str, Any]:
    """Return the answer of the first round that leaves out no worker: one that is slow is left out."""
    answer: dict[str, Any] = {}

    def is_complete() -> bool:
        answer.clear()
        answer.update(inspector.inspect_once())
        return len(answer.get("workers", ())) >= workers and len(answer.get("invalid", ())) >= invalid

    wait_until(is_complete, lambda: str(answer))
    return answer


def test_invalid_reply_concerns_its_worker_only(broker: str) -> None:
    with contextlib.ExitStack() as workers:
        workers.enter_context(fake_worker(broker, "good@host", active=[{"id": "one"}]))
        for name, (replies, _) in CASES.items():
            workers.enter_context(fake_worker(broker, name, **replies))
        inspector = WorkerInspector({"broker_url": broker})
        workers_of_airflow = [("good@host", 2, ("default",)), *COUNTED]
        invalid = {printable(name) for name, (_, reason) in CASES.items() if reason}
        for _ in range(2):
            answer = complete_answer(inspector, len(workers_of_airflow), len(invalid))
            assert answer["workers"] == workers_of_airflow
            assert answer["active"] == ["one"]
            assert set(answer["invalid"]) == invalid
    for name, (_, reason) in CASES.items():
        assert answer["invalid"].get(printable(name), "").startswith(reason or "")


def test_workers_of_another_application_do_not_count_when_all_are_asked(
    broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reply_mailbox, "MAX_DESTINATIONS", 1)
    foreign = {"registered": ["other"]}  # they come first, so that they reply first
    by_worker: dict[str, dict[str, Any]] = {"x@host": foreign, "y@host": foreign, "a@host": {}, "b@host": {}}
    with contextlib.ExitStack() as workers:
        for name, replies in by_worker.items():
            workers.enter_context(fake_worker(broker, name, active=[{"id": name}], **replies))
        answer = complete_answer(WorkerInspector({"broker_url": broker}), 2, 0)
    assert [name for name, *_ in answer["workers"]] == ["a@host", "b@host"]
    assert answer["active"] == ["a@host", "b@host"]
