from __future__ import annotations

from testing.fixed_secrets import SECRET_KEY
from testing.proof import Proof

KEY = {"AIRFLOW__API_AUTH__JWT_SECRET": SECRET_KEY}


def test_token_outlives_an_outage(proof: Proof) -> None:
    statuses = proof.run("token_lifetime", **KEY)
    assert statuses["before"] == [204, None]  # and no new token
    assert statuses["after"] == proof.expect(stock=403, fixed=204)
