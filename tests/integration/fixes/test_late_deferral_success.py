from __future__ import annotations

from testing.installed_line import LINE
from testing.proof import Proof

# The states after the executor's report of a success; the task's name says its state before, and what it did.
RESUMED = {
    "queued_after_deferral": "queued",
    "queued_after_two_deferrals": "queued",
    "queued_after_reschedule": "queued",
    "running_after_deferral": "running",
    "scheduled_after_reschedule": "scheduled",
}
RIGHT_IN_AIRFLOW_2 = {"running_after_deferral", "scheduled_after_reschedule"}
KILLED = ("killed_after_deferral", "killed_in_first_run")


def test_success_of_its_pause_leaves_a_resumed_task_as_it_is(proof: Proof) -> None:
    states = proof.run("late_deferral_success", AIRFLOW__SCHEDULER__STANDALONE_DAG_PROCESSOR="True")
    faulty = RESUMED.keys() - (RIGHT_IN_AIRFLOW_2 if LINE == "2.11" else set())
    stock = RESUMED | dict.fromkeys(faulty, "failed")
    killed = dict.fromkeys(KILLED, "failed")
    assert states == proof.expect(stock=stock, fixed=RESUMED) | killed
