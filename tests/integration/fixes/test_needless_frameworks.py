"""`svcs` imports a web framework when that is used, and then works as before."""

from __future__ import annotations

from typing import Any

from testing.proof import Proof

FRAMEWORKS = ["aiohttp", "flask"]


def assert_frameworks_work(seen: Any) -> None:
    assert (seen["service"], seen["same"]) == ("a service", [True, True])


def test_api_server_imports_no_other_framework(proof: Proof) -> None:
    seen = proof.run("needless_frameworks", "api-server")
    assert seen["imported"] == proof.expect(stock=FRAMEWORKS, fixed=[])
    assert_frameworks_work(seen)


def test_dag_processor_has_the_frameworks_before_it_forks(half: Proof) -> None:
    seen = half.run("needless_frameworks", "dag-processor")
    assert seen["imported"] == FRAMEWORKS
    assert_frameworks_work(seen)
