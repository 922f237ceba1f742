"""`svcs` imports a web framework when that is used, and then works as before."""

from __future__ import annotations

from testing.proof import Proof


def test_frameworks_are_not_imported(proof: Proof) -> None:
    seen = proof.run("needless_frameworks")
    assert seen["imported"] == proof.expect(stock=["aiohttp", "flask"], fixed=[])
    assert seen["service"] == "a service"
    assert seen["same"] == [True, True]
