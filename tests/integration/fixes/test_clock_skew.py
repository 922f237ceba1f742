from __future__ import annotations

import pytest

from testing.fixed_secrets import SECRET_KEY
from testing.proof import Proof

KEY = {"AIRFLOW__API_AUTH__JWT_SECRET": SECRET_KEY}
EXPIRED, EARLY = "ExpiredSignatureError", "ImmatureSignatureError"


def test_token_is_valid_by_a_clock_that_differs(proof: Proof) -> None:
    verdicts = proof.run("clock_skew", **KEY)
    assert verdicts["ahead"] == proof.expect(stock=EXPIRED, fixed="task")
    assert verdicts["behind"] == proof.expect(stock=EARLY, fixed="task")
    assert (verdicts["far ahead"], verdicts["far behind"]) == (EXPIRED, EARLY)


@pytest.mark.parametrize(
    ("source", "section", "option"),
    [("airflow.cfg", "api_auth", "jwt_leeway"), ("environment", "execution_api", "jwt_expiration_time")],
)
def test_time_that_an_operator_has_set_stays(half: Proof, source: str, section: str, option: str) -> None:
    defaults = {"jwt_leeway": "10", "jwt_expiration_time": "600"}  # seconds, Airflow's own
    variables = dict(KEY)
    if source == "airflow.cfg":
        (half.home / "airflow.cfg").write_text(f"[{section}]\n{option} = {defaults[option]}\n")
    else:
        variables[f"AIRFLOW__{section}__{option}".upper()] = defaults[option]
    verdicts = half.run("clock_skew", **variables)
    assert (verdicts["ahead"], verdicts["behind"]) == (EXPIRED, EARLY)
