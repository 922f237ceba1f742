"""The metadata of each provider is read once for each look at the providers; Airflow knows the same of them."""

from __future__ import annotations

from testing.installed_line import LINE
from testing.proof import Proof

LOOKS = {"3.3": 2, "2.11": 1}[LINE]  # the SDK looks, too
NEEDS = {"3.3": 4, "2.11": 2}[LINE]  # how often a look asks for it


def test_metadata_of_each_provider_is_read_once(proof: Proof) -> None:
    seen = proof.run("repeated_metadata")
    assert seen["read"] == [LOOKS * proof.expect(stock=NEEDS, fixed=1)]
    assert seen["different"] == []
