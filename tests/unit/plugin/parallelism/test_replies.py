"""What is read from a worker's reply, and what makes a reply invalid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from astro_runtime_plugin.options.text import MAX_NAME_LENGTH
from astro_runtime_plugin.parallelism.bounds import MAX_QUEUES, MAX_REASON
from astro_runtime_plugin.parallelism.replies import (
    IMAGE_KEY,
    InvalidReplyError,
    read_is_airflow,
    read_queues,
    read_stats,
    read_tasks,
)
from astro_runtime_plugin.releases.running_image import RunningImage

QUEUE = {"name": "default", "exchange": {"name": "default"}, "durable": True}


@pytest.mark.parametrize(
    ("stats", "size"),
    [
        ({"pool": {"max-concurrency": 4, "processes": [1, 2, 3, 4]}}, 4),
        ({"pool": {"max-concurrency": 4, "processes": [1, 2, 3, 4, 5]}}, 5),  # pool_grow
        ({"pool": {"max-concurrency": 8, "processes": [1]}, "autoscaler": {"max": 8, "min": 1}}, 8),
        ({"pool": {"max-concurrency": 1, "processes": [7]}, "autoscaler": None}, 1),  # solo
        ({"pool": {"max-concurrency": 10, "threads": 0}}, 10),
        ({"pool": {"max-concurrency": None}}, 0),
        ({"pool": {}}, 0),
        ({}, 0),
    ],
)
def test_pool_size_is_read_from_every_kind_of_pool(stats: dict[str, Any], size: int) -> None:
    assert read_stats(stats).pool_size == size


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ({"image_tag": "orders:7", "release": "3.3-1"}, RunningImage("orders:7", "3.3-1")),
        ({"image_tag": "a\n\x1b[2Jb", "release": "x" * 10_000}, RunningImage("a [2Jb", "x" * 200 + "…")),
        ({"image_tag": "", "release": "3.3-1"}, None),
        ({"image_tag": 7, "release": "3.3-1"}, None),
        ({"image_tag": "orders:7"}, None),
        ("orders:7", None),
        ([{}], None),
        (None, None),
    ],
)
def test_worker_counts_whatever_it_says_of_its_image(image: Any, expected: RunningImage | None) -> None:
    stats = read_stats({"pool": {"max-concurrency": 4}, IMAGE_KEY: image})
    assert (stats.image, stats.pool_size) == (expected, 4)
    assert read_stats({}).image is None


@pytest.mark.parametrize(
    ("tasks", "is_airflow"),
    [
        (["execute_workload"], True),
        (["airflow.providers.celery.executors.celery_executor_utils.execute_command [queue=x]"], True),
        (["shop.tasks.send_invoice"], False),
        ([], False),
    ],
)
def test_workers_of_another_celery_application_are_recognized(tasks: list[str], is_airflow: bool) -> None:
    assert read_is_airflow(tasks) is is_airflow


def test_queues_are_sorted_and_printable() -> None:
    assert read_queues([{"name": "b\n"}, QUEUE, QUEUE]) == ("b\\n", "default")


def test_tasks_are_read() -> None:
    assert read_tasks([{"id": "one", "args": "..."}, {"id": "two"}]) == ["one", "two"]


@pytest.mark.parametrize(
    ("read", "reply", "reason"),
    [
        (
            read_stats,
            {"pool": {"max-concurrency": -1000}},
            "pool.max-concurrency: Input should be greater than",
        ),
        (read_stats, {"autoscaler": {"max": -1}}, "autoscaler.max: "),
        (read_stats, {"pool": {"max-concurrency": "many"}}, "pool.max-concurrency: "),
        (read_stats, {"pool": {"max-concurrency": True}}, "pool.max-concurrency: "),
        (read_stats, {"pool": {"processes": 7}}, "pool.processes: "),
        (read_stats, {"pid": "one"}, "pid: "),
        (read_stats, [], "the reply: "),
        (read_stats, None, "the reply: "),
        (read_stats, {"error": "KeyError('x')"}, "it replied with an error: KeyError('x')"),
        (read_stats, {"error": "\x1b[2J\n" + "x" * 10_000}, r"it replied with an error: \x1b[2J\nxxx"),
        (read_queues, {"error": 7}, "it replied with an error: 7"),
        (read_queues, [{}], "0.name: "),
        (read_queues, [{"name": None}], "0.name: "),
        (read_queues, "default", "the reply: "),
        (
            read_queues,
            [{"name": f"q{n}"} for n in range(MAX_QUEUES + 1)],
            f"it has {MAX_QUEUES + 1} queues, more",
        ),
        (read_tasks, [{"id": 7}], "0.id: "),
        (read_tasks, [{"id": "x" * (MAX_NAME_LENGTH + 1)}], "0.id: "),
        (read_tasks, {"a": 1}, "the reply: "),
        (read_is_airflow, [None], "0: "),
        (read_is_airflow, {"error": ""}, "it replied with an error: "),
    ],
)
def test_invalid_reply_has_a_short_reason(read: Callable[[Any], Any], reply: Any, reason: str) -> None:
    with pytest.raises(InvalidReplyError) as info:
        read(reply)
    text = str(info.value)
    assert text.startswith(reason)
    assert text.isprintable()
    assert len(text) <= MAX_REASON + len("it replied with an error: ")


@pytest.mark.parametrize("queues", [MAX_QUEUES])
def test_most_queues_are_accepted(queues: int) -> None:
    assert len(read_queues([{"name": f"q{number}"} for number in range(queues)])) == queues
