from __future__ import annotations

import pytest

from testing.proof import Proof


@pytest.mark.parametrize("failure", ["raises", "returns"])
def test_log_is_uploaded_after_the_store_failed_for_a_moment(proof: Proof, failure: str) -> None:
    outcome = proof.run(
        "log_upload",
        STORE_FAILURE=failure,
        AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS="tests.integration.fixes.probes.failing_store.LOGGING_CONFIG",
    )
    assert outcome["state"] == "success"
    assert outcome["uploaded"] == proof.expect(stock=False, fixed=True)
    assert outcome["requests"] == proof.expect(stock=1, fixed=3)
