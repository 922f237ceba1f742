"""Authentication of Airflow's REST API: the provider's users first, then whom the operator's backends let in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from airflow.api_connexion.exceptions import PermissionDenied
from connexion import ProblemException
from flask import Response, request
from flask_login import current_user

from astro_runtime_plugin.identity.airflow2.addresses import own_hosts
from astro_runtime_plugin.identity.airflow2.caller import BEARER, SESSION, Denial
from astro_runtime_plugin.identity.airflow2.login_manager import current_caller
from astro_runtime_plugin.identity.requests import is_cross_site

View = Callable[..., Any]
UNAUTHORIZED = "Unauthorized"
TITLES = {401: UNAUTHORIZED, 403: "Forbidden", 503: "Service Unavailable"}
CHALLENGE = 'Bearer realm="Airflow"'
ANYBODY = "airflow.api.auth.backend.default"
NOT_AUTHENTICATED = Denial(SESSION, 401, "anonymous", "Log in first.")
CROSS_SITE = "The request comes from a page of another site."


class ApiBackend:
    """The only backend in Airflow's list; it asks the operator's backends for callers whom it does not know."""

    CLIENT_AUTH = None

    def __init__(self, others: Sequence[Any]) -> None:
        self._others = tuple(others)

    def requires_authentication(self, function: View) -> View:
        """Return `function` for authenticated callers; others get 401, with the reason if they brought anything.

        Raises ProblemException, which Airflow turns into JSON.
        """

        @wraps(function)
        def decorated(*arguments: Any, **keywords: Any) -> Any:
            refusal = None if self._is_own_caller() else self._refusal()
            return refusal or function(*arguments, **keywords)

        return decorated

    def _is_own_caller(self) -> bool:
        """Whether this is one of the provider's users. Raises PermissionDenied for a page of another site."""
        caller = current_caller()
        by_browser = caller.user and caller.source != BEARER  # the proxy's users have a cookie there, too
        if by_browser and is_cross_site(request.method, request.headers, own_hosts(request)):
            raise PermissionDenied(detail=CROSS_SITE)
        return caller.user is not None

    def _refusal(self) -> Response | None:
        """Return None if one of the operator's backends lets the caller in; the last one's answer, or raise, if not."""
        response = Response(UNAUTHORIZED, 401, {"WWW-Authenticate": CHALLENGE})
        for backend in self._others:
            response = backend.requires_authentication(Response)()
            if response.status_code == 200 and (is_somebody() or backend.__name__ == ANYBODY):
                return None
        denial = current_caller().denial
        if denial or not is_somebody():
            raise problem(denial or NOT_AUTHENTICATED, response.headers.get("WWW-Authenticate", CHALLENGE))
        return response


def is_somebody() -> bool:
    """Whether there is a user, or visitors have permissions of their own (AUTH_ROLE_PUBLIC)."""
    return not current_user.is_anonymous or bool(current_user.perms)


def problem(denial: Denial, visitors: str = CHALLENGE) -> ProblemException:
    """Return the error that Airflow answers as JSON; `visitors` is the challenge for who has brought nothing."""
    value = visitors if denial is NOT_AUTHENTICATED else challenge(denial)
    headers = {"WWW-Authenticate": value} if denial.status == 401 else {}
    return ProblemException(
        status=denial.status,
        title=TITLES[denial.status],
        detail=denial.detail,
        headers=headers,
        ext={"reason": denial.reason},
    )


def challenge(denial: Denial) -> str:
    """Return the value of WWW-Authenticate (RFC 6750)."""
    return f'{CHALLENGE}, error="invalid_token"' if denial.source == BEARER else CHALLENGE
