from __future__ import annotations

from testing.celery_timeout import SEND_TIMEOUT
from testing.proof import Proof
from testing.scheduler_parts import HEARTBEAT_THRESHOLD
from testing.servers import free_port, redis


def test_scheduler_goes_on_without_the_result_backend(proof: Proof) -> None:
    port = free_port()
    with redis() as broker:
        outcome = proof.run(
            "celery_backend_outage",
            str(port),
            AIRFLOW__CORE__EXECUTOR="CeleryExecutor",
            AIRFLOW__CELERY__BROKER_URL=broker,
            **SEND_TIMEOUT,
            **HEARTBEAT_THRESHOLD,
            AIRFLOW__CELERY__RESULT_BACKEND=f"redis://127.0.0.1:{port}/0",
        )
    error = proof.expect(stock="ConnectionError", fixed="")
    untouched: dict[str, object] = {"tasks are untouched": True, "running": 2}
    untouched["other executor's task"] = proof.expect(stock="queued", fixed="None")
    assert outcome["away"] == {"heartbeat": error, "adoption": error, **untouched}
    states = {"task_0": "success", "task_1": "success"}
    assert outcome["back"] == {"states": states, "adoption": "", "adopted": states}
    assert outcome["limit"] == [error, "ConnectionError"]


def test_worker_stores_that_a_task_has_started_once_the_backend_is_back(proof: Proof) -> None:
    port = free_port()
    outcome = proof.run(
        "celery_result_store",
        str(port),
        AIRFLOW__CORE__EXECUTOR="CeleryExecutor",
        AIRFLOW__CELERY__RESULT_BACKEND=f"redis://127.0.0.1:{port}/0",
    )
    assert outcome == proof.expect(stock=["ConnectionError", "PENDING"], fixed=["", "STARTED"])
