from __future__ import annotations

import pytest

from testing.installed_line import LINE
from testing.proof import FIXED, Proof
from testing.servers import rabbitmq, redis


def sent_messages(proof: Proof, broker: str, *places: str) -> list[str]:
    """Return which messages are in the queue after a search."""
    celery = {"AIRFLOW__CORE__EXECUTOR": "CeleryExecutor", "AIRFLOW__CELERY__BROKER_URL": broker}
    result: list[str] = proof.run("lost_messages", *places, **celery)
    return result


def test_lost_message_is_sent_again_by_redis(proof: Proof) -> None:
    with redis() as broker:
        sent = sent_messages(proof, broker, "lost", "in-queue", "with-worker", "running")
    assert sent == proof.expect(stock=["in-queue"], fixed=["in-queue", "lost"])


def test_lost_message_is_sent_again_by_rabbitmq(proof: Proof) -> None:
    with rabbitmq() as broker:
        sent = sent_messages(proof, broker, "lost", "with-worker", "running")
    assert sent == proof.expect(stock=[], fixed=["lost"])


@pytest.mark.parametrize("proof", [FIXED], indirect=True)
def test_second_delivery_of_a_message_is_refused(proof: Proof) -> None:
    refusal = {"3.3": "TaskAlreadyRunningError", "2.11": "refused"}[LINE]
    assert proof.run("second_delivery") == ["", refusal]
