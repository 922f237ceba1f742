"""The cookie that says that this browser is on its way to the provider's logout.

The cookie of the session stays until the browser is back: the page's scripts are refused meanwhile, and Airflow's page
then goes to the login, which would succeed without it, because the provider still knows the user. And other processes
of the web server learn of the end of the session only within seconds.
"""

from __future__ import annotations

from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response

from astro_runtime_plugin.identity.airflow3.address import COOKIE_PATH, is_secure

NAME, SECONDS = "astro_runtime_logout", 60
REPEATED = ".repeated"  # at the end of the value: the browser was sent to the provider's logout a second time


def set_logout_cookie(
    request: Request, response: Response, session_id: str, is_repeated: bool = False
) -> None:
    """Note that the browser has logged out of a session."""
    value = _value_of(session_id) + (REPEATED if is_repeated else "")
    secure = is_secure(request)
    response.set_cookie(
        NAME, value, max_age=SECONDS, path=COOKIE_PATH, secure=secure, httponly=True, samesite="lax"
    )


def delete_logout_cookie(request: Request, response: Response) -> None:
    """Note that the browser is back."""
    response.delete_cookie(NAME, path=COOKIE_PATH, secure=is_secure(request), httponly=True, samesite="lax")


def has_logged_out(request: Request, session_id: str) -> bool:
    """Whether the browser has logged out of a session within the last minute."""
    value = request.cookies.get(NAME, "")
    return bool(session_id) and value.removesuffix(REPEATED) == _value_of(session_id)


def is_logout_pending(request: Request, session_id: str) -> bool:
    """Whether the browser has logged out of a session, and was sent to the provider's logout just once."""
    return request.cookies.get(NAME, "") == _value_of(session_id)


def _value_of(session_id: str) -> str:
    return sha256(session_id.encode()).hexdigest()[:16]
