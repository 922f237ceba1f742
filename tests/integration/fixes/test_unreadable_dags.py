from __future__ import annotations

from testing.installed_line import LINE
from testing.proof import Proof

# The ways of scheduling that one DAG's row stops for all DAGs; Airflow 3 logs the error of the others in each loop.
STOPS = {"3.3": {"queued", "event"}, "2.11": {"queued", "running", "due", "event"}}


def test_unreadable_dag_stops_only_its_own_scheduling(proof: Proof) -> None:
    outcomes = proof.run("unreadable_dags")
    assert outcomes.keys() == {"queued", "running", "due", "event"}
    for way, outcome in outcomes.items():
        stops = proof.expect(stock=way in STOPS[LINE], fixed=False)
        assert (outcome["error"] is not None) is stops, way
        assert outcome["warnings"] == proof.expect(stock=0, fixed=1), way
        assert outcome["error after the repair"] is None, way
        assert outcome["repaired"], way
        if not stops:
            assert outcome["intact"], way
            assert way == "event" or outcome["intact"] == ["success"], way
