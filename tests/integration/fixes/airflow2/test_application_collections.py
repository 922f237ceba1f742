"""A web server creates its application without collecting garbage."""

from __future__ import annotations

from testing.proof import Proof
from tests.integration.fixes.test_needless_collections import LEFT, observe


def test_web_application_is_created_without_collections(proof: Proof) -> None:
    stock, fixed = {"collected": True, "frozen": False}, {"collected": False, "frozen": True}
    assert observe(proof, "application") == {**LEFT, **proof.expect(stock=stock, fixed=fixed)}
