"""Flask-Login's part that loads the user of a request; no id in a session or a cookie is enough to be one."""

from __future__ import annotations

import logging

from flask import g, request, session
from flask_login import LoginManager, current_user

from astro_runtime_plugin.identity.airflow2.caller import NOBODY, SESSION, Caller, Denial, caller_of
from astro_runtime_plugin.identity.settings import IdentitySettings

log = logging.getLogger("astro_runtime")
BROKEN = Caller(
    denial=Denial(SESSION, 503, "unavailable", "Logins do not work; the web server's log says why.")
)


class RuntimeLoginManager(LoginManager):  # type: ignore[misc]
    """Takes the user from the request's own credentials; there is no remember-me cookie."""

    def __init__(self, settings: IdentitySettings) -> None:
        super().__init__()
        self._settings = settings

    def _load_user(self) -> None:
        caller = self._caller()
        g.astro_runtime_caller = caller
        self._update_request_context_with_user(caller.user)

    def _caller(self) -> Caller:
        protected = self._session_protection_failed()  # the operator's SESSION_PROTECTION
        try:
            return caller_of(request, {} if protected else session, self._settings)
        except Exception:  # Airflow's page for an exception asks for the user, too
            log.exception("The user of a request cannot be determined")
            return BROKEN


def current_caller() -> Caller:
    """Return who makes the current request; nobody where another API backend has logged its own user in."""
    _ = current_user.is_anonymous  # loads the user
    caller: Caller = g.get("astro_runtime_caller", NOBODY)
    return caller
