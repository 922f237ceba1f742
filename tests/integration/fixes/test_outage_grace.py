from __future__ import annotations

from testing.installed_line import LINE
from testing.proof import Proof

OF_DATABASE = ["database", "short", "loss", "restart"]
OUTAGES = {"3.3": [*OF_DATABASE, "api-server"], "2.11": OF_DATABASE}
STOCK = {"at once": True}
FIXED = {"at once": False, "after its report": False, "dead": True}


def test_tasks_have_time_to_report_after_an_outage(proof: Proof) -> None:
    outcomes = proof.run("outage_grace", *OUTAGES[LINE], "slow", "other scheduler")
    assert outcomes.pop("slow") <= 1.5  # timeouts: a slow loop is no outage; loops of a quarter of one
    early = proof.expect(stock=True, fixed=False)
    assert outcomes.pop("other scheduler") == {
        "reset": early,
        "reset after its report": early,
        "reset once it is dead": True,
    }
    assert outcomes == dict.fromkeys(OUTAGES[LINE], proof.expect(stock=STOCK, fixed=FIXED))
