"""A command starts without collecting garbage while it imports Airflow; the collector then works as before."""

from __future__ import annotations

from typing import Any

import pytest

from testing.proof import Proof

PROBE = "needless_collections"
PYTHONS_OWN = {"TESTS_GC_THRESHOLD": "700"}
LEFT = {"enabled": True, "thresholds kept": True, "failed": False}


def observe(proof: Proof, case: str) -> Any:
    return proof.run(PROBE, case, **PYTHONS_OWN)


@pytest.mark.parametrize("case", ["import", "command"])
def test_import_collects_no_garbage(proof: Proof, case: str) -> None:
    stock, fixed = {"collected": True, "frozen": False}, {"collected": False, "frozen": True}
    assert observe(proof, case) == {**LEFT, **proof.expect(stock=stock, fixed=fixed)}


def test_process_with_work_before_airflow_keeps_its_garbage_collectable(proof: Proof) -> None:
    collected = proof.expect(stock=True, fixed=False)
    assert observe(proof, "old") == {**LEFT, "collected": collected, "frozen": False}


def test_collector_goes_on_after_a_failed_import(half: Proof) -> None:
    seen = observe(half, "failing")
    assert (seen["failed"], seen["enabled"], seen["thresholds kept"]) == (True, True, True)


def test_collector_that_the_operator_has_stopped_stays_so(half: Proof) -> None:
    seen = observe(half, "disabled")
    assert seen == {**LEFT, "enabled": False, "collected": False, "frozen": False}


def test_collector_that_the_operators_code_stops_meanwhile_stays_so(half: Proof) -> None:
    seen = observe(half, "disabled meanwhile")
    assert (seen["enabled"], seen["thresholds kept"]) == (False, True)


@pytest.mark.parametrize("place", ["variable", "airflow.cfg"])
def test_fix_that_is_turned_off_leaves_the_collector_alone(half: Proof, place: str) -> None:
    """Airflow cannot read its settings yet where the pause would begin."""
    assert observe(half, f"off in {place}") == {**LEFT, "collected": True, "frozen": False}
