"""A process without libcst imports it when it rewrites source."""

from __future__ import annotations

import pytest

from testing.proof import Proof

REWRITTEN = "@other\ndef work():\n    pass\n"
COMMANDS = [("version",), ("api-server",), ("scheduler",), ("celery", "worker"), ("dag-processor",)]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_process_imports_libcst_to_rewrite_source(proof: Proof, words: tuple[str, ...]) -> None:
    imported = proof.expect(stock=[True, True], fixed=[False, True])
    assert proof.run("needless_libcst", *words) == {"imported": imported, "rewritten": [REWRITTEN] * 3}
