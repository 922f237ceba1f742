"""Which workers, running tasks and queues let a rolling upgrade go on."""

from __future__ import annotations

import pytest

from astro_runtime_plugin.cluster import celery_rules
from astro_runtime_plugin.cluster.facts import OverdueQueue
from astro_runtime_plugin.parallelism.limit import Worker
from astro_runtime_plugin.releases.running_image import RunningImage
from tests.unit.plugin.cluster.test_rules import states

OLD, NEW = RunningImage("orders:7", "3.3-1"), RunningImage("orders:8", "3.3-1")
WORKER, DRAINING = Worker("celery@a", 4, ("default",)), Worker("celery@b", 4, ())


@pytest.mark.parametrize(
    ("workers", "problem", "state", "text"),
    [
        ([WORKER], "", "ok", "workers that take tasks: 1 with an unknown or older image"),
        ([], "", "not safe", "no celery worker answers"),
        ([WORKER, DRAINING], "", "not safe", "workers that take no new task: 1 of 2 (celery@b)"),
        ([], "could not query the broker", "unknown", "could not query the broker"),
    ],
    ids=["working", "none", "draining", "unreachable"],
)
def test_draining_or_missing_worker_is_not_safe(
    workers: list[Worker], problem: str, state: str, text: str
) -> None:
    assert states(celery_rules.judge_workers(workers, problem)) == [(state, text)]


def test_images_of_the_workers_are_named() -> None:
    workers = [Worker(f"celery@{name}", 4, ("default",)) for name in "abc"]
    images = {"celery@a": NEW, "celery@c": NEW, "celery@b": RunningImage("3.3-1", "3.3-1")}
    finding = celery_rules.judge_workers(workers, "", (), images)
    assert finding.finding == "workers that take tasks: 1 with 3.3-1, 2 with orders:8 (release 3.3-1)"


@pytest.mark.parametrize(
    ("images", "old"),
    [
        ({"celery@a": OLD, "celery@b": NEW}, str(OLD)),
        ({"celery@b": NEW}, "an unknown or older image"),
        ({"celery@a": NEW, "celery@b": NEW}, None),
        ({}, None),
    ],
    ids=["old", "unknown", "same", "all unknown"],
)
def test_workers_of_a_queue_with_different_images_are_not_safe(
    images: dict[str, RunningImage], old: str | None
) -> None:
    workers = [WORKER, DRAINING._replace(queues=("default",))]
    findings = states(*celery_rules.judge_worker_images(workers, images))
    text = f"different images take tasks of default: celery@a with {old}; celery@b with {NEW}"
    assert findings == ([("not safe", text)] if old else [])


@pytest.mark.parametrize("queues", [("gpu",), ()], ids=["another queue", "draining"])
def test_other_image_is_safe_where_it_takes_no_task_of_the_queue(queues: tuple[str, ...]) -> None:
    workers = [WORKER, DRAINING._replace(queues=queues)]
    assert [*celery_rules.judge_worker_images(workers, {"celery@a": OLD, "celery@b": NEW})] == []


def test_worker_without_a_valid_reply_may_be_draining() -> None:
    finding = celery_rules.judge_workers([WORKER], "", {"celery@b"})
    assert [(finding.state, finding.finding)] == [("unknown", "workers without a valid reply: 1 (celery@b)")]


@pytest.mark.parametrize(
    ("workers", "state"),
    [([WORKER], "not safe"), (None, "unknown"), ([Worker("celery@c", 1, ("gpu",))], "ok")],
    ids=["nobody-consumes", "workers-not-asked", "busy"],
)
def test_overdue_tasks_need_a_worker_of_their_queue(workers: list[Worker] | None, state: str) -> None:
    (finding,) = celery_rules.judge_queues([OverdueQueue("gpu", 3, 400)], workers, 60)
    assert finding.state == state
    assert finding.finding.startswith("tasks in the queue gpu: 3, waiting for up to 400 s")


@pytest.mark.parametrize(("active", "state"), [(1, "not safe"), (2, "ok"), (3, "ok"), (None, "ok")])
def test_overdue_tasks_do_not_wait_for_workers_most_of_whose_slots_are_free(
    active: int | None, state: str
) -> None:
    workers = [WORKER, Worker("celery@c", 1, ("gpu",)), Worker("celery@d", 2, ("cpu", "gpu"))]
    (finding,) = celery_rules.judge_queues([OverdueQueue("gpu", 3, 400)], workers, 60, True, active)
    reason = "; its workers could run 3 tasks, but all workers run only 1"
    assert (finding.state, finding.finding.endswith(reason)) == (state, state == "not safe")


def test_queue_may_have_a_worker_that_did_not_reply() -> None:
    (finding,) = celery_rules.judge_queues([OverdueQueue("gpu", 3, 400)], [WORKER], 60, False)
    assert (finding.state, "no worker with a valid reply takes tasks" in finding.finding) == ("unknown", True)


def test_task_on_a_worker_that_does_not_answer_is_not_safe() -> None:
    findings = celery_rules.judge_running({"1": "b", "2": "", "3": "b"})
    text = "tasks that run on workers that do not answer: 3 (an unknown host, b)"
    assert states(*findings) == [("not safe", text)]
    assert states(*celery_rules.judge_running({})) == []


def test_without_overdue_tasks_no_worker_is_needed() -> None:
    assert [finding.state for finding in celery_rules.judge_queues([], None, 60)] == ["ok"]
