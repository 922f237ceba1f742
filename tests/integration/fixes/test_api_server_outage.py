from __future__ import annotations

from testing.proof import Proof

# Stock's patience takes a minute with Airflow's defaults; these make it seconds.
SETTINGS = {
    "AIRFLOW__WORKERS__EXECUTION_API_RETRIES": "3",
    "AIRFLOW__WORKERS__EXECUTION_API_RETRY_WAIT_MIN": "0.1",
    "AIRFLOW__WORKERS__EXECUTION_API_RETRY_WAIT_MAX": "0.5",
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
}


def test_tasks_outlive_an_outage_of_the_api_server(proof: Proof) -> None:
    states = proof.run("api_server_outage", **SETTINGS)
    # The server went away and came back while the task ran; its task was killed, and its failure perhaps delivered.
    assert ("success" in states["running"]) == proof.expect(stock=False, fixed=True)
    # The server was away when the task started, ended in some state, or asked for a variable.
    assert states["start"] == proof.expect(stock=[], fixed=["success"])
    assert states["success"] == proof.expect(stock=[], fixed=["success"])
    assert states["failed"] == proof.expect(stock=[], fixed=["failed"])
    assert states["deferred"] == proof.expect(stock=[], fixed=["deferred"])
    assert states["variable"] == proof.expect(stock=[], fixed=["success"])
    # The server came back, and said that the task runs elsewhere.
    assert states["conflict"] == proof.expect(stock=[], fixed=["server terminated"])
    # The server stayed away until the scheduler gave up the task: nobody left the task behind.
    assert states["loss"] == []
    # The server refused one request, but took heartbeats.
    assert states["fault"] == ["failed"]
