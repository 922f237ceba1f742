from __future__ import annotations

from testing.fixed_secrets import SECRET_KEY
from testing.proof import Proof


def test_tasks_outlive_an_outage_of_the_api_server(proof: Proof) -> None:
    states = proof.run("api_server_outage")
    # The server went away and came back while the task ran. Stock kills it, and may get its failure through.
    assert ("success" in states["running"]) == proof.expect(stock=False, fixed=True)
    # The server was away when the task started, when it ended in some state, and when it asked for a variable.
    assert states["start"] == proof.expect(stock=[], fixed=["success"])
    assert states["success"] == proof.expect(stock=[], fixed=["success"])
    assert states["failed"] == proof.expect(stock=[], fixed=["failed"])
    assert states["deferred"] == proof.expect(stock=[], fixed=["deferred"])
    assert states["variable"] == proof.expect(stock=[], fixed=["success"])
    # The server came back, and said that the task is not this supervisor's any more.
    assert states["conflict"] == proof.expect(stock=[], fixed=["killed"])
    # The server stayed away until the scheduler gave up the task: none is left behind.
    assert states["stays away"] == []
    # Two of its answers to the task's state were lost, so that it took the same state three times.
    assert states["lost answers"] == ["success"] * 3
    # The server refused one request, but took heartbeats.
    assert states["fault"] == ["failed"]
    # The server answered 500 to the task's start: since its database was away, and since it had a fault of its own.
    assert states["start without database"] == proof.expect(stock=[], fixed=["success"])
    assert states["faulty start"] == ["3 attempts"]


def test_task_outlives_its_api_server(proof: Proof) -> None:
    state = proof.run("api_server_kill", AIRFLOW__API_AUTH__JWT_SECRET=SECRET_KEY)
    assert state == proof.expect(stock="running", fixed="success")


def test_answer_of_a_server_without_its_database_means_an_outage(half: Proof) -> None:
    variables = {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{half.home}/missing/airflow.db",
        "AIRFLOW__WORKERS__EXECUTION_API_RETRIES": "1",
    }
    assert half.run("api_server_database", **variables) == [[500, True], [500, True]]
