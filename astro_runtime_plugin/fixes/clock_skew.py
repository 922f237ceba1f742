"""Tasks run although the clocks of the machines differ, or jump, by ten minutes.

A scheduler signs the token with which a task starts, and an API server those with which it runs. An API server whose
clock differs by more than `[api_auth] jwt_leeway`, ten seconds, refuses them: before they are valid, or after their
end. A message's token ends with `[scheduler] task_queued_timeout`, but the scheduler takes a task back only at its next
look, up to two minutes later, or when it runs again itself.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.operator_settings import is_set

ID = "clock-skew"
OPTIONS = (("api_auth", "jwt_leeway"), ("execution_api", "jwt_expiration_time"))
LEEWAY = 660  # seconds: a jump of ten minutes, and one for requests that come late


def accept_skew(create: Callable[[], Any]) -> Callable[[], Any]:
    """Wrap `_jwt_validator`, whose result judges the tokens of tasks."""

    @wraps(create)
    def create_lenient() -> Any:
        validator = create()
        attempt(ID, None, lengthen, validator)
        return validator

    return create_lenient


def lengthen(validator: Any) -> None:
    """Let tokens differ from the server's clock; if the operator says for how long they are valid, that holds."""
    if not any(is_set(section, option) for section, option in OPTIONS):
        validator.leeway = max(validator.leeway, LEEWAY)


FIX = Fix(
    id=ID,
    title="Tasks run although the clocks of two machines differ by up to ten minutes",
    symptom='Tasks that waited in the broker fail with "Invalid auth token" after a clock has jumped.',
    issue="",
    ends="Airflow accepts the tokens of tasks from machines whose clocks differ by minutes.",
    patches=(
        Patch(
            "airflow.api_fastapi.execution_api.app",
            "_jwt_validator",
            ("fb3757ff70c189a6",),
            accept_skew,
            ("3.3",),
        ),
    ),
)
