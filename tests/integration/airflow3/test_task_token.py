"""How long Airflow lets a task's token live: what docs/decisions.md says about a negative `task_queued_timeout`."""

from __future__ import annotations

from datetime import datetime, timezone, tzinfo

import pytest
from airflow.api_fastapi.auth.tokens import JWTGenerator, JWTValidator
from airflow.executors.workloads.base import BaseWorkloadSchema
from jwt import ExpiredSignatureError

KEY = "a key of sixty-four bytes, which is what the algorithm HS512 needs"
SUBJECT = "the id of a task instance"


class StoppedClock(datetime):
    """Between a token and its validation on a busy machine, more than the leeway may pass."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime(2026, 11, 27, tzinfo=timezone.utc)


@pytest.fixture(autouse=True)
def _stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("airflow.api_fastapi.auth.tokens", "jwt.api_jwt"):
        monkeypatch.setattr(f"{module}.datetime", StoppedClock)


@pytest.fixture
def validator() -> JWTValidator:
    return JWTValidator(audience="tasks", issuer=None, algorithm=["HS512"], secret_key=KEY, leeway=10)


def token(monkeypatch: pytest.MonkeyPatch, timeout: str) -> str:
    """Return a token as the scheduler makes it with this `task_queued_timeout`."""
    monkeypatch.setenv("AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT", timeout)
    generator = JWTGenerator(audience="tasks", issuer=None, valid_for=600, secret_key=KEY)
    return str(BaseWorkloadSchema.generate_token(SUBJECT, generator))


@pytest.mark.parametrize("timeout", ["0", "-1"])
def test_token_lives_for_the_leeway(
    monkeypatch: pytest.MonkeyPatch, validator: JWTValidator, timeout: str
) -> None:
    assert validator.validated_claims(token(monkeypatch, timeout))["sub"] == SUBJECT


@pytest.mark.parametrize("timeout", ["-10", "-3600"])
def test_token_has_expired_from_the_leeway_on(
    monkeypatch: pytest.MonkeyPatch, validator: JWTValidator, timeout: str
) -> None:
    with pytest.raises(ExpiredSignatureError):
        validator.validated_claims(token(monkeypatch, timeout))
