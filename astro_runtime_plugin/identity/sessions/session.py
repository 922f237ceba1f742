"""What the web adapters see of a login: a session or an access, and why a session has ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from astro_runtime_plugin.identity.roles.grant import Grant
from astro_runtime_plugin.identity.sessions.user import UserIdentity


class EndReason(str, Enum):
    """Why a session is no more. The value is a stable word, for URLs and JSON; `text` is the sentence for people."""

    UNKNOWN = "unknown"  # no such session: never was, or ended more than a day ago
    EXPIRED = "expired"
    LOGOUT = "logout"
    PROVIDER = "provider"  # the provider ended it: it refused the renewal, or logged the user out
    CLAIMS = "claims"  # renewals do not say what the user may do, and the login's tokens are over
    ROLES = "roles"  # no rule matches the user any more
    SETTINGS = "settings"  # another issuer or client id is set now
    UNAVAILABLE = "unavailable"  # the metadata database is away: answer 503, the session may well be alive

    @property
    def text(self) -> str:
        """One sentence for the page, and for the `detail` of a 401."""
        return TEXTS[self]


TEXTS = {
    EndReason.UNKNOWN: "Your session is not known here any more.",
    EndReason.EXPIRED: "Your session has expired.",
    EndReason.LOGOUT: "You have logged out.",
    EndReason.PROVIDER: "Your identity provider has ended your session.",
    EndReason.CLAIMS: "Your identity provider confirms your roles only when you log in.",
    EndReason.ROLES: "Your identity provider no longer gives you a role here.",
    EndReason.SETTINGS: "Airflow now uses another identity provider.",
    EndReason.UNAVAILABLE: "Airflow's metadata database does not answer.",
}


@dataclass(frozen=True)
class Session:
    """A login, as it is known now. A renewal makes a new object with the same `id_hash`."""

    id_hash: str  # of the secret id that only the browser has
    user: UserIdentity
    grant: Grant
    renewed_at: float  # seconds since the epoch: when the provider last confirmed it
    expires_at: float  # seconds since the epoch: how long it lives without the provider
    ends_at: float  # seconds since the epoch: when a new login is needed in any case
    is_admin_token: bool = False  # a break-glass login: no provider is behind it


@dataclass(frozen=True)
class SessionState:
    """A session that may be used, or why there is none. Exactly one of the two is set."""

    session: Session | None = None
    end_reason: EndReason | None = None


@dataclass(frozen=True)
class NewSession:
    """A session that has just begun. `id` is the secret: only the browser's cookie may have it."""

    id: str
    session: Session
    next_path: str  # a safe path below the base URL, beginning with /


@dataclass(frozen=True)
class Access:
    """What a token of a request gives: who it is, and what that user may do. It leaves no session."""

    user: UserIdentity
    grant: Grant
    expires_at: float  # seconds since the epoch
    origin: str = ""  # for `IdentityService.check_origin`
