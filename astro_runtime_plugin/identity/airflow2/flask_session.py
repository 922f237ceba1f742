"""Flask's session, which holds the secret id of ours: its begin and its end."""

from __future__ import annotations

from flask import current_app, session
from flask_login import login_user

from astro_runtime_plugin.identity.airflow2.caller import SESSION_KEY
from astro_runtime_plugin.identity.airflow2.user import FabUser
from astro_runtime_plugin.identity.airflow2.user_rows import record_login
from astro_runtime_plugin.identity.sessions import process as identity
from astro_runtime_plugin.identity.sessions.session import EndReason, NewSession


def begin_session(new: NewSession) -> None:
    """Log the user in under a new session id: whoever knew the old one, and what it held, is out."""
    end_session()
    session[SESSION_KEY] = new.id
    regenerate = getattr(current_app.session_interface, "regenerate", None)
    if regenerate:  # the database has the session; else the cookie does, and has just been replaced
        regenerate(session)
    user = new.session.user
    login_user(FabUser(record_login(user), user, new.session.grant), remember=False)
    # Nothing here reads it. FAB's own manager would, once the provider is switched off: whoever is named like a local
    # Admin would become that one.
    session.pop("_user_id", None)


def end_session(post_logout: str = "") -> str | None:
    """End the session of this browser, if there is one; return the provider's logout URL, if there is one."""
    session_id = session.get(SESSION_KEY)
    session.clear()
    if not isinstance(session_id, str):
        return None
    return identity.service().end(session_id, EndReason.LOGOUT, post_logout)
