"""What the answer of a worker to "which queues do you consume" means."""

from __future__ import annotations

from typing import Any

import pytest

from astro_runtime_plugin.health.settings import UnhealthyError, UnknownHealthError
from astro_runtime_plugin.health.worker import check_queues


@pytest.mark.parametrize("queues", [[{"name": "default"}], [None, {"name": "a", "alias": None}]])
def test_worker_with_a_queue_is_healthy(queues: Any) -> None:
    check_queues("celery@host", queues)


@pytest.mark.parametrize("queues", [None, []])
def test_worker_without_a_queue_is_unhealthy(queues: Any) -> None:
    with pytest.raises(UnhealthyError):
        check_queues("celery@host", queues)


@pytest.mark.parametrize(
    "queues", [[None], [{}], [{"name": ""}], [{"name": None}], [{"name": 1}], ["default"], [[]], {}, 0, "a"]
)
def test_malformed_answer_says_nothing_of_the_worker(queues: Any) -> None:
    with pytest.raises(UnknownHealthError):
        check_queues("celery@host", queues)
