"""The break-glass login: a token that `astro-runtime admin-token` prints on the machine itself."""

from __future__ import annotations

import getpass
import logging
import secrets
import time
from datetime import datetime, timezone

from sqlalchemy.exc import SQLAlchemyError

from astro_runtime_plugin.airflow_compat import hostname
from astro_runtime_plugin.identity.sessions import airflow_parts, audit, single_use
from astro_runtime_plugin.identity.sessions.store import hash_text
from astro_runtime_plugin.identity.sessions.user import MAX_NAME
from astro_runtime_plugin.identity.settings import read_settings
from astro_runtime_plugin.options.text import single_line
from entrypoint.errors import UNAVAILABLE, StartError

log = logging.getLogger("astro_runtime")
TOKEN_MINUTES = 15
PREFIX = "astro-admin-"  # so that secret scanners, and people, can tell what it is


def create_admin_token(user: str = "admin", minutes: int = TOKEN_MINUTES) -> str:
    """Return a new token that logs one browser in as Admin within `minutes`; the database gets its hash.

    It is logged as a warning and in the audit log. Raises StartError where `[astro_runtime] admin_tokens` is off or the
    database cannot be written.
    """
    settings = read_settings(airflow_parts.airflow_conf())
    if settings is None or not settings.admin_tokens:
        raise StartError(
            "[astro_runtime] admin_tokens is off, so that no admin token would be accepted; set it to True"
        )
    name, now = _user_name(user), time.time()
    token = PREFIX + secrets.token_urlsafe(32)
    expires_at = now + 60 * minutes
    try:
        single_use.delete_expired(now)
        single_use.put(single_use.ADMIN_TOKEN, hash_text(token), name, expires_at)
    except SQLAlchemyError as error:
        message = (
            f"the metadata database cannot be written ({type(error).__name__}); it must take the token's hash"
        )
        raise StartError(message, UNAVAILABLE) from None
    _announce(name, expires_at)
    return token


def _user_name(user: str) -> str:
    name = single_line(user, MAX_NAME)
    if not name or name != user:
        raise StartError(
            f"the user of an admin token must be a name of at most {MAX_NAME} printable characters"
        )
    return name


def _announce(name: str, expires_at: float) -> None:
    until = datetime.fromtimestamp(expires_at, timezone.utc).isoformat(timespec="seconds")
    text = f"an admin token was made on {single_line(hostname())} by {_operator()}: good for one login until {until}"
    log.warning("%s, as %s", text, name)
    lines = audit.AuditLog(airflow_parts.AirflowAuditTable(), time.time, is_background=False)
    lines.record(audit.ADMIN_TOKEN, name, text)
    lines.flush()


def _operator() -> str:
    try:
        return single_line(getpass.getuser())
    except (KeyError, OSError, ImportError):  # a user id without a name
        return "an unknown user"
