from __future__ import annotations

import pytest

from testing.fixed_secrets import SECRET_KEY
from testing.proof import Proof

DEFAULT = "600"  # seconds, Airflow's own
KEY = {"AIRFLOW__API_AUTH__JWT_SECRET": SECRET_KEY}


def test_token_outlives_an_outage(proof: Proof) -> None:
    statuses = proof.run("token_lifetime", **KEY)
    assert statuses["before"] == [204, None]  # and no new token
    assert statuses["after"] == proof.expect(stock=403, fixed=204)


@pytest.mark.parametrize("source", ["airflow.cfg", "environment"])
def test_lifetime_that_an_operator_has_set_stays(half: Proof, source: str) -> None:
    if source == "airflow.cfg":
        (half.home / "airflow.cfg").write_text(f"[execution_api]\njwt_expiration_time = {DEFAULT}\n")
        statuses = half.run("token_lifetime", **KEY)
    else:
        statuses = half.run("token_lifetime", **KEY, AIRFLOW__EXECUTION_API__JWT_EXPIRATION_TIME=DEFAULT)
    assert statuses["after"] == 403
