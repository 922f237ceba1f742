from __future__ import annotations

import pytest

from testing.installed_line import LINE
from testing.proof import Proof

# The ways of scheduling that one DAG's row stops for all DAGs; Airflow 3 logs the error of the others in each loop.
STOPS = {"3.3": {"queued", "event"}, "2.11": {"queued", "running", "due", "event"}}


@pytest.mark.parametrize("way", ["queued", "running", "due", "event"])
def test_unreadable_dag_stops_only_its_own_scheduling(proof: Proof, way: str) -> None:
    outcome = proof.run("unreadable_dags", way)
    stops = proof.expect(stock=way in STOPS[LINE], fixed=False)
    assert (outcome["error"] is not None) is stops
    assert outcome["warnings"] == proof.expect(stock=0, fixed=1)
    assert outcome["error after the repair"] is None
    assert outcome["repaired"]
    if not stops:
        assert outcome["intact"]
        assert way == "event" or outcome["intact"] == ["success"]
