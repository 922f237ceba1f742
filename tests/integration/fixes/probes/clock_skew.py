"""Asks the API server's own validator about tokens of machines whose clocks differ from its clock."""

from __future__ import annotations

import time

import jwt
from airflow.api_fastapi.execution_api.app import _jwt_generator, _jwt_validator

from testing.fixed_secrets import SECRET_KEY
from testing.proof import report

QUEUED_TIMEOUT = 600  # seconds; how long the token of a message is valid
# How many seconds the API server's clock is ahead of the one that signed the token.
SKEWS = {"ahead": 590, "behind": -590, "far ahead": 700, "far behind": -700}


def judge(seconds: int, age: int) -> str:
    """Return what the validator says of the token of a message that is `age` seconds old."""
    signed_at = int(time.time()) - age - seconds
    token = generator.generate({"sub": "task", "scope": "workload"}, valid_for=QUEUED_TIMEOUT)
    claims = jwt.decode(token, options={"verify_signature": False})
    times = {"iat": signed_at, "nbf": signed_at, "exp": signed_at + QUEUED_TIMEOUT}
    moved = jwt.encode({**claims, **times}, SECRET_KEY, generator.algorithm, {"kid": generator.kid})
    try:
        return str(validator.validated_claims(moved)["sub"])
    except jwt.InvalidTokenError as error:
        return type(error).__name__


generator, validator = _jwt_generator(), _jwt_validator()
age_of = {"ahead": QUEUED_TIMEOUT, "far ahead": QUEUED_TIMEOUT}
report({name: judge(seconds, age_of.get(name, 0)) for name, seconds in SKEWS.items()})
