"""The user of a request."""

from __future__ import annotations

from dataclasses import dataclass

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser

from astro_runtime_plugin.identity.roles.grant import Grant
from astro_runtime_plugin.identity.sessions.session import Access, Session
from astro_runtime_plugin.identity.sessions.user import UserIdentity


@dataclass(frozen=True)
class RuntimeUser(BaseUser):
    """Who makes a request, and what that user may do. Its id in Airflow is the user name; no table knows it."""

    identity: UserIdentity
    grant: Grant
    expires_at: float  # seconds since the epoch: no token made for this user may live longer
    session_id: str = ""  # of a login; empty for a token of the provider or the proxy
    origin: str = ""  # of a token of the provider or the proxy, for `IdentityService.check_origin`

    @classmethod
    def of_session(cls, session_id: str, session: Session) -> RuntimeUser:
        """Return the user of a login."""
        return cls(session.user, session.grant, session.ends_at, session_id)

    @classmethod
    def of_access(cls, access: Access) -> RuntimeUser:
        """Return the user of a token that leaves no session."""
        return cls(access.user, access.grant, access.expires_at, origin=access.origin)

    def get_id(self) -> str:
        """Return the user name, which identifies the user in Airflow."""
        return self.identity.name

    def get_name(self) -> str:
        """Return the user name."""
        return self.identity.name

    def __repr__(self) -> str:
        """Name the user without the session's id, which is a secret."""
        return f"RuntimeUser({self.identity.name!r}, {self.grant.role})"
