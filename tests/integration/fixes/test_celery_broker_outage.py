from __future__ import annotations

import pytest

from testing.celery_timeout import SEND_TIMEOUT
from testing.proof import Proof
from testing.servers import free_port

TASKS = ["task_1", "task_2", "task_3"]
# The broker, its URL, and how many processes send a batch.
CASES = [
    ("redis", "redis://127.0.0.1:{port}/0", "1"),
    ("redis", "redis://127.0.0.1:{port}/0", "2"),
    ("rabbitmq", "amqp://guest:guest@127.0.0.1:{port}//", "1"),
]


@pytest.mark.parametrize(("broker", "url", "processes"), CASES)
def test_tasks_wait_until_the_broker_is_back(proof: Proof, broker: str, url: str, processes: str) -> None:
    port = free_port()
    outcome = proof.run(
        "celery_broker_outage",
        broker,
        str(port),
        AIRFLOW__CORE__EXECUTOR="CeleryExecutor",
        AIRFLOW__CELERY__BROKER_URL=url.format(port=port),
        AIRFLOW__CELERY__SYNC_PARALLELISM=processes,
        **SEND_TIMEOUT,
    )
    failed = {"states": dict.fromkeys(TASKS, "failed"), "waiting": []}
    assert outcome["away"] == proof.expect(stock=failed, fixed={"states": {}, "waiting": TASKS})
    sent = {"states": dict.fromkeys(TASKS, "queued"), "messages": len(TASKS)}
    assert outcome["back"] == proof.expect(stock={"states": {}, "messages": 0}, fixed=sent)
