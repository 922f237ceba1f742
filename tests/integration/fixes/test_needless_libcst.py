"""A process without libcst imports it when it rewrites source; what forks the code of DAGs has it before."""

from __future__ import annotations

from typing import Any

import pytest

from testing.proof import Proof

REWRITTEN = "@other\ndef work():\n    pass\n"


def observe(proof: Proof, *words: str) -> Any:
    return proof.run("needless_libcst", *words)


@pytest.mark.parametrize("command", ["version", "api-server", "scheduler"])
def test_process_imports_libcst_to_rewrite_source(proof: Proof, command: str) -> None:
    imported = proof.expect(stock=[True, True], fixed=[False, True])
    assert observe(proof, command) == {"imported": imported, "rewritten": [REWRITTEN] * 3}


@pytest.mark.parametrize("words", [("celery", "worker"), ("dag-processor",)], ids=" ".join)
def test_component_has_libcst_before_it_forks(half: Proof, words: tuple[str, ...]) -> None:
    assert observe(half, *words) == {"imported": [True, True], "rewritten": [REWRITTEN] * 3}


def test_scheduler_has_libcst_before_local_executor_forks(half: Proof) -> None:
    assert half.run("module_at_fork", "libcst") is True
