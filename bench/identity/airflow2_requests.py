"""What the auth manager does for a request on Airflow 2."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from airflow.configuration import conf
from airflow.security.permissions import ACTION_CAN_CREATE, RESOURCE_DAG_RUN
from flask import Flask, request

from astro_runtime_plugin.identity.airflow2.caller import SESSION_KEY, caller_of
from astro_runtime_plugin.identity.sessions.session import NewSession
from astro_runtime_plugin.identity.settings import read_settings


def requests(new: NewSession, token: str) -> dict[str, Callable[[], Any]]:
    """Return a function for each kind of request: it finds the user, and decides about a DAG's run."""
    settings = read_settings(conf)
    assert settings
    app = Flask(__name__)

    def decide(session: dict[str, str], headers: dict[str, str]) -> Callable[[], None]:
        context = app.test_request_context(headers=headers)

        def work() -> None:
            user = caller_of(request, session, settings).user
            assert user
            assert (ACTION_CAN_CREATE, RESOURCE_DAG_RUN) in user.perms

        def run() -> None:
            with context:
                work()

        return run

    return {
        "session of a browser": decide({SESSION_KEY: new.id}, {}),
        "Bearer token": decide({}, {"Authorization": f"Bearer {token}"}),
    }
