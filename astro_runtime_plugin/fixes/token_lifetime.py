"""The token of a running task outlives an outage of the API server, which cannot renew an expired token.

The API server renews a token when it answers a request in the last fifth of the token's life (Airflow's
`JWTReissueMiddleware`). Of Airflow's ten minutes, only two may be left when an outage begins, while the scheduler waits
five minutes for a heartbeat.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt

ID = "token-lifetime"
OPTION = ("execution_api", "jwt_expiration_time")
PARTS = 5  # only the last fifth of a token's life is certain to be left when an outage begins
MARGIN = 60  # seconds, for answers that come late


def lengthen_lifetime(create: Callable[[], Any]) -> Callable[[], Any]:
    """Wrap `_jwt_generator`, whose result makes the tokens with which tasks run."""

    @wraps(create)
    def create_and_lengthen() -> Any:
        generator = create()
        attempt(ID, None, lengthen, generator)
        return generator

    return create_and_lengthen


def lengthen(generator: Any) -> None:
    """Let tokens live long enough, unless the operator has set their lifetime."""
    from airflow.configuration import conf

    if generator.valid_for == float(conf.get_default_value(*OPTION)):
        timeout = conf.getint("scheduler", "task_instance_heartbeat_timeout")
        generator.valid_for = max(generator.valid_for, PARTS * (timeout + MARGIN))


FIX = Fix(
    id=ID,
    title="The token of a running task outlives any outage that the scheduler tolerates",
    symptom="After some minutes without an API server, every request of a running task gets 403, and the task is"
    " killed.",
    issue="https://github.com/apache/airflow/issues/67939",
    ends="Airflow renews a task's token so early that its remaining life exceeds `task_instance_heartbeat_timeout`.",
    patches=(
        Patch(
            "airflow.api_fastapi.execution_api.app",
            "_jwt_generator",
            ("acf64f59b409bfe6",),
            lengthen_lifetime,
            ("3.3",),
        ),
    ),
)
