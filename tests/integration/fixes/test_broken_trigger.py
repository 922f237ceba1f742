from __future__ import annotations

from testing.installed_line import LINE
from testing.proof import Proof

KEYS = {"AIRFLOW__CORE__FERNET_KEY": "K8rmLqyzvJ-ZrkAvCu5eEYbs3pVGyDKwvZg9aqFHWbU="}


def test_triggers_that_cannot_be_built_fail_alone(proof: Proof) -> None:
    outcome = proof.run("broken_trigger", **KEYS)
    waiting = {"unreadable_dag": "waits"} if LINE == "3.3" else {}
    stock = dict.fromkeys(["other_key", "broken", "good", *waiting], "waits") | {"triggerer": "ended"}
    fixed = {"other_key": "failed", "broken": "failed", "good": "fired", **waiting, "triggerer": "runs"}
    assert outcome == proof.expect(stock=stock, fixed=fixed)
