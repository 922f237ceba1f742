from __future__ import annotations

from testing.installed_line import LINE
from testing.proof import Proof
from testing.scheduler_parts import HEARTBEAT_THRESHOLD

STOCK = ["queued"] * 3
# On Airflow 3, LocalExecutor gives its processes more tasks than there are processes: they end before it does.
LEFT = {"3.3": ["queued", "queued", "scheduled"], "2.11": ["queued", "scheduled", "scheduled"]}[LINE]
# On Airflow 3, a task that may have been sent must not be sent again.
SENDING = {"3.3": ["queued", "scheduled"], "2.11": ["scheduled", "scheduled"]}[LINE]
WITHOUT_ID = {"3.3": ["None"], "2.11": ["scheduled"]}[LINE]  # on Airflow 3 each has one
STARTS = {"3.3": ["task_0", "task_1"], "2.11": ["task_0"]}[LINE]


def test_stopping_scheduler_hands_its_tasks_over(proof: Proof) -> None:
    observed = proof.run("stopped_schedulers", AIRFLOW__CORE__EXECUTOR="LocalExecutor", **HEARTBEAT_THRESHOLD)
    assert observed["stopped"] == proof.expect(stock=STOCK, fixed=LEFT)
    assert observed["starts"] == STARTS
    assert observed["heartbeat"] == proof.expect(stock=False, fixed=True)
    assert observed["sending"] == proof.expect(stock=["queued", "queued"], fixed=SENDING)
    assert observed["id"] == proof.expect(stock=None, fixed="id")
    assert observed["pods"] == proof.expect(
        stock=["queued", "queued"],
        fixed=["queued", "scheduled"],  # the first may have a pod
    )
    assert observed["silent"] == proof.expect(stock=STOCK, fixed=LEFT)
    assert observed["error"] == ""
    taken_over = [state.replace("queued", "None") for state in LEFT]
    assert observed["taken over"] == proof.expect(stock=STOCK, fixed=taken_over)
    assert observed["without id"] == proof.expect(stock=["None"], fixed=WITHOUT_ID)
