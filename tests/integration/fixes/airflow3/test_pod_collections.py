"""A task's pod starts without collecting garbage while it imports its supervisor."""

from __future__ import annotations

from testing.proof import Proof
from tests.integration.fixes.test_needless_collections import LEFT, observe


def test_pod_collects_no_garbage_while_it_imports_its_supervisor(proof: Proof) -> None:
    """Stock Airflow collects some after `import airflow` alone, which is not counted here."""
    stock, fixed = {"collected": True, "frozen": False}, {"collected": False, "frozen": True}
    assert observe(proof, "pod") == {**LEFT, **proof.expect(stock=stock, fixed=fixed)}
