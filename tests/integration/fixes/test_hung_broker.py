"""Proof of `celery-broker-outage` and `stopped-schedulers` together: a scheduler stops while its broker hangs."""

from __future__ import annotations

from testing.celery_timeout import SEND_TIMEOUT
from testing.installed_line import LINE
from testing.proof import Proof
from testing.servers import free_port

# On Airflow 3, a task that may have been sent must not be sent again under another id.
STATES = {"3.3": ["queued", "scheduled"], "2.11": ["scheduled", "scheduled"]}[LINE]
KNOWN = {"3.3": ["task_1"], "2.11": []}[LINE]  # on Airflow 2 each message has an id of its own


def test_task_that_may_have_been_sent_keeps_its_id(proof: Proof) -> None:
    port = free_port()
    observed = proof.run(
        "hung_broker",
        str(port),
        AIRFLOW__CORE__EXECUTOR="CeleryExecutor",
        AIRFLOW__CELERY__BROKER_URL=f"redis://127.0.0.1:{port}/0",
        AIRFLOW__CELERY__SYNC_PARALLELISM="1",
        **SEND_TIMEOUT,
    )
    assert observed["states"] == proof.expect(stock=["queued", "queued"], fixed=STATES)
    assert observed["messages"] == KNOWN
