"""The end of a session or of a script's token, as Airflow's own logout asks for it."""

from __future__ import annotations

from collections.abc import Callable

from airflow.api_fastapi.auth.managers.base_auth_manager import BaseAuthManager
from jwt import InvalidTokenError

from astro_runtime_plugin.identity.airflow3.address import SITE
from astro_runtime_plugin.identity.airflow3.tokens import COOKIE, SESSION, USE, is_own
from astro_runtime_plugin.identity.sessions.process import service
from astro_runtime_plugin.identity.sessions.session import EndReason


def revoke(token: str, revoke_jwt: Callable[[str], None]) -> str | None:
    """End what a token stands for, and return the provider's logout URL for a browser's session.

    A token of the provider is the provider's to revoke.
    """
    if not is_own(token):
        return None
    try:
        claims = BaseAuthManager._get_token_validator().validated_claims(token)
    except InvalidTokenError:
        return None
    if claims.get(USE) == COOKIE:
        return end_session(str(claims.get(SESSION)), SITE.get())
    revoke_jwt(token)
    return None


def end_session(session_id: str, site: str) -> str | None:
    """End a session, and return the provider's logout URL, which leads back to our page. Writes to the database."""
    post_logout = f"{site}/auth/ended" if site else ""
    return service().end(session_id, EndReason.LOGOUT, post_logout)
