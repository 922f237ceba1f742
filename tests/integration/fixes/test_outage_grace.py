from __future__ import annotations

import pytest

from testing.installed_line import LINE
from testing.proof import Proof

OF_DATABASE = ["database", "short", "loss", "restart"]
OUTAGES = {"3.3": [*OF_DATABASE, "api-server"], "2.11": OF_DATABASE}
STOCK = {"at once": True}
FIXED = {"at once": False, "after its report": False, "dead": True}


@pytest.mark.parametrize("outage", OUTAGES[LINE])
def test_running_task_has_time_to_report_after_an_outage(proof: Proof, outage: str) -> None:
    assert proof.run("outage_grace", outage) == proof.expect(stock=STOCK, fixed=FIXED)


def test_slow_loop_is_no_outage(proof: Proof) -> None:
    assert proof.run("outage_grace", "slow") <= 1.5  # timeouts; loops of a quarter of one


def test_other_scheduler_has_time_to_report_after_an_outage(proof: Proof) -> None:
    outcome = proof.run("outage_grace", "other scheduler")
    assert outcome["reset"] is proof.expect(stock=True, fixed=False)
    assert outcome["reset after its report"] is proof.expect(stock=True, fixed=False)
    assert outcome["reset once it is dead"] is True
