"""A round of questions: how much of what the workers reply is taken, and what is remembered."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise
from typing import Any

import pytest
from kombu.transport import memory

from astro_runtime_plugin.options.text import MAX_NAME_LENGTH
from astro_runtime_plugin.parallelism import inspection, worker_inspector
from astro_runtime_plugin.parallelism.bounds import MAX_INVALID
from astro_runtime_plugin.parallelism.inspection import CachedWorker, Inspection
from astro_runtime_plugin.parallelism.replies import IMAGE_KEY
from astro_runtime_plugin.releases.running_image import RunningImage
from testing.fake_worker import AIRFLOW_REPLIES


class Workers:
    """Workers with these names that reply like Airflow's, except for `replies` by question and worker."""

    def __init__(self, names: Collection[str], **replies: dict[str, Any]) -> None:
        self.names = names
        self.replies = replies
        self.questions: list[tuple[str, list[str]]] = []

    def ask(self, command: str, workers: Collection[str] = (), **_: object) -> dict[str, Any]:
        self.questions.append((command, [*workers]))
        usual = dict.fromkeys(workers or self.names, AIRFLOW_REPLIES[command])
        return {**usual, **self.replies.get(command, {})}


def test_only_new_worker_is_asked_for_its_tasks_names() -> None:
    first = Inspection(Workers(["a"]).ask, {})
    first.query()
    workers = Workers(["a", "b"])
    second = Inspection(workers.ask, first.cached)
    second.query()
    assert workers.questions[1] == ("registered", ["b"])


def test_worker_that_has_left_is_forgotten() -> None:
    cached: Any = {}
    for number in range(5):
        round_ = Inspection(Workers([f"pod-{number}"]).ask, cached)
        round_.query()
        cached = round_.cached
    assert set(cached) == {"pod-4"}


@pytest.mark.parametrize(
    ("reply", "tasks"),
    [({"a": [{"id": "two"}]}, ["two"]), ({"a": {"error": "no"}}, ["one"]), ({"a": []}, [])],
)
def test_worker_that_does_not_report_its_tasks_runs_the_same_as_before(
    reply: dict[str, Any], tasks: list[str]
) -> None:
    cached = {"a": CachedWorker(1, True, ("one",))}
    assert Inspection(Workers(["a"], active=reply).ask, cached).query()[1] == tasks


def test_image_is_that_of_the_last_reply() -> None:
    """A container's worker has the same process id as the one before it."""
    cached: Any = {}
    for tag in ("orders:7", "orders:8"):
        stats = {"a": {**AIRFLOW_REPLIES["stats"], IMAGE_KEY: {"image_tag": tag, "release": "3.3-1"}}}
        round_ = Inspection(Workers(["a", "b"], stats=stats).ask, cached)
        round_.query()
        cached = round_.cached
        assert round_.images == {"a": RunningImage(tag, "3.3-1")}


@pytest.mark.parametrize("question", ["registered", "active_queues", "active"])
def test_worker_that_does_not_reply_to_every_question_is_named(question: str) -> None:
    workers = Workers(["a", "b"])

    def ask(command: str, names: Collection[str] = (), **_: object) -> dict[str, Any]:
        replies = workers.ask(command, names)
        return {name: reply for name, reply in replies.items() if (command, name) != (question, "b")}

    round_ = Inspection(ask, {})
    round_.query()
    assert (round_.silent, round_.invalid) == ({"b"}, {})


@pytest.mark.parametrize(("limit", "value", "counted"), [("MAX_WORKERS", 3, 3), ("MAX_NAMES", 40, 4)])
def test_workers_beyond_the_limit_are_named(
    monkeypatch: pytest.MonkeyPatch, limit: str, value: int, counted: int
) -> None:
    monkeypatch.setattr(inspection, limit, value)
    names = [f"w{number}" for number in range(6)]  # each has 2 + 7 characters, with its queue
    for count in (counted, counted + 1):
        round_ = Inspection(Workers(names[:count]).ask, {})
        assert len(round_.query()[0]) == counted
        assert list(round_.invalid) == names[counted:count]


def test_number_of_tasks_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "MAX_TASKS", 3)
    active = {name: [{"id": f"{name}{number}"} for number in range(2)] for name in "ab"}
    assert Inspection(Workers("ab", active=active).ask, {}).query()[1] == ["a0", "a1", "b0"]


def test_bounded_number_of_invalid_replies_is_reported() -> None:
    names = ["x" * (MAX_NAME_LENGTH + 1), *(f"w{number}" for number in range(100))]
    round_ = Inspection(Workers(names, stats=dict.fromkeys(names)).ask, {})
    assert round_.query() == ([], [])
    assert len(round_.invalid) == MAX_INVALID


def test_application_is_replaced_before_it_remembers_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory.Channel, "queues", {})
    monkeypatch.setattr(worker_inspector, "ROUNDS", 2)
    monkeypatch.setattr("astro_runtime_plugin.parallelism.reply_mailbox.ANSWER_SECONDS", 0.01)
    inspector = worker_inspector.WorkerInspector({"broker_url": "memory://"})
    apps = []
    for _ in range(5):
        inspector.inspect_once()
        apps.append(inspector._app)
    assert [before is after for before, after in pairwise(apps)] == [True, False, True, False]
