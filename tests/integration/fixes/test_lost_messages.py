from __future__ import annotations

import pytest

from testing.celery_timeout import SEND_TIMEOUT
from testing.installed_line import LINE
from testing.proof import FIXED, Proof
from testing.servers import Postgres, rabbitmq, redis


def sent_messages(proof: Proof, broker: str, *places: str) -> list[str]:
    """Return which messages are in the queue after a search."""
    celery = {
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW__CELERY__BROKER_URL": broker,
        **SEND_TIMEOUT,
    }
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


@pytest.mark.parametrize("half", [FIXED], indirect=True)
def test_second_delivery_of_a_message_is_refused(half: Proof, metadata: Postgres) -> None:
    """Even if both workers begin at the same time."""
    refusal = {"3.3": "TaskAlreadyRunningError", "2.11": "refused"}[LINE]
    database = metadata.create("second_delivery", "migrated")
    begun = half.run("second_delivery", AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=database)
    assert begun == [["", refusal]] * 5
