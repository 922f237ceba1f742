"""What the auth manager does for a request on Airflow 3."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from airflow.api_fastapi.app import get_auth_manager, init_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails

from astro_runtime_plugin.identity.airflow3 import tokens
from astro_runtime_plugin.identity.sessions.session import NewSession


def requests(new: NewSession, token: str) -> dict[str, Callable[[], Any]]:
    """Return a function for each kind of request: it finds the user, and decides about a DAG's run."""
    manager = init_auth_manager()
    cookie = manager._get_token_signer().generate(tokens.cookie_claims(new.session.user.name, new.id))
    loop = asyncio.new_event_loop()

    def decide(text: str) -> None:
        user = loop.run_until_complete(tokens.user_of_token(text))
        details = DagDetails(id="dag_0001")
        assert get_auth_manager().is_authorized_dag(
            method="POST", access_entity=DagAccessEntity.RUN, details=details, user=user
        )

    return {"session of a browser": lambda: decide(cookie), "Bearer token": lambda: decide(token)}
