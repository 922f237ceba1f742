"""The token of a running task outlives an outage of the API server, which cannot renew one that has expired.

An answer of the API server renews a token in the last fifth of its life (Airflow's `JWTReissueMiddleware`). With
Airflow's ten minutes that leaves two at worst, while the scheduler waits five for a heartbeat.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.operator_settings import is_set

ID = "token-lifetime"
PARTS = 5  # a fifth of a token's life must be as long as an outage may be,
MARGIN = 60  # and some seconds for answers that come late


def outlive_outages(create: Callable[[], Any]) -> Callable[[], Any]:
    """Wrap `_jwt_generator`, whose result makes the tokens with which tasks run."""

    @wraps(create)
    def create_for_outages() -> Any:
        generator = create()
        attempt(ID, None, lengthen, generator)
        return generator

    return create_for_outages


def lengthen(generator: Any) -> None:
    """Let tokens live long enough, unless the operator has set their lifetime, be it to Airflow's default."""
    from airflow.configuration import conf

    if not is_set("execution_api", "jwt_expiration_time"):
        timeout = conf.getint("scheduler", "task_instance_heartbeat_timeout")
        generator.valid_for = max(generator.valid_for, PARTS * (timeout + MARGIN))


FIX = Fix(
    id=ID,
    title="The token of a running task outlives an outage that the scheduler tolerates",
    symptom="After some minutes without an API server, running tasks get 403 for every request, and are killed.",
    issue="https://github.com/apache/airflow/issues/67939",
    ends="Airflow renews a task's token so early that what is left is longer than `task_instance_heartbeat_timeout`.",
    patches=(
        Patch(
            "airflow.api_fastapi.execution_api.app",
            "_jwt_generator",
            ("acf64f59b409bfe6",),
            outlive_outages,
            ("3.3",),
        ),
    ),
)
