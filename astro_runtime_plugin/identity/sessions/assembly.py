"""Puts the service together from the settings."""

from __future__ import annotations

from typing import Any

from astro_runtime_plugin.identity.provider.key_cache import KeyCache
from astro_runtime_plugin.identity.provider.provider import Provider
from astro_runtime_plugin.identity.roles.source import RulesSource
from astro_runtime_plugin.identity.sessions.access import BEARER, PROXY, TokenAccess, TokenKind
from astro_runtime_plugin.identity.sessions.audit import AuditLog
from astro_runtime_plugin.identity.sessions.availability import ProviderAvailability
from astro_runtime_plugin.identity.sessions.claims import ClaimReader
from astro_runtime_plugin.identity.sessions.login import LoginSeal
from astro_runtime_plugin.identity.sessions.logins import LoginFlow, SessionStart
from astro_runtime_plugin.identity.sessions.logout_marks import LogoutMarks
from astro_runtime_plugin.identity.sessions.memory import SessionMemory, Validity
from astro_runtime_plugin.identity.sessions.parts import ProviderParts, ServiceParts, Surroundings
from astro_runtime_plugin.identity.sessions.renewal import SessionRenewal
from astro_runtime_plugin.identity.sessions.service import IdentityService
from astro_runtime_plugin.identity.sessions.store import SessionStore
from astro_runtime_plugin.identity.sessions.upkeep import SessionUpkeep
from astro_runtime_plugin.identity.settings import IdentitySettings
from astro_runtime_plugin.identity.tokens.verification import KeySet, verify, verify_access_token


def assemble(settings: IdentitySettings, provider: Provider | None, outside: Surroundings) -> IdentityService:
    """Return the service; `provider` is None where only a proxy is set.

    Raises RulesError if `oidc_roles` cannot be read.
    """
    return Assembly(settings, provider, outside).service()


class Assembly:
    """The parts that others are made of."""

    def __init__(self, settings: IdentitySettings, provider: Provider | None, outside: Surroundings) -> None:
        self.settings, self.provider, self.outside = settings, provider, outside
        self.rules = RulesSource(settings.roles).current
        self.rules()
        self.name = f"{settings.issuer} {settings.client_id}"
        self.memory = SessionMemory(Validity(self.name, settings.admin_tokens, self.rules), outside.clock)
        self.store = SessionStore(outside.cipher)
        self.marks = LogoutMarks(self.name, outside.clock)
        self.audit_log = AuditLog(outside.audit_table, outside.clock)
        self.start = SessionStart(self.store, self.memory, self.audit_log)

    def service(self) -> IdentityService:
        """Return the service of all parts."""
        provider_parts = self._provider_parts(self.provider) if self.provider else None
        renewal = self._renewal(provider_parts) if provider_parts else None
        proxy_keys = KeyCache(self.settings.proxy_jwks_url) if self.settings.has_proxy else None
        parts = ServiceParts(
            settings=self.settings,
            clock=self.outside.clock,
            provider_name=self.name,
            store=self.store,
            memory=self.memory,
            audit_log=self.audit_log,
            marks=self.marks,
            session_start=self.start,
            upkeep=SessionUpkeep(
                self.store, self.memory, renewal, self.marks, self.rules, self.outside.clock
            ),
            provider=provider_parts,
            bearer=self._tokens(self._bearer(self.provider)) if self.provider else None,
            proxy=self._tokens(self._proxy(proxy_keys)) if proxy_keys else None,
            proxy_keys=proxy_keys,
        )
        return IdentityService(parts)

    def _provider_parts(self, provider: Provider) -> ProviderParts:
        reader = ClaimReader(provider, self.settings, self.outside.clock)
        logins = LoginFlow(
            provider,
            reader,
            LoginSeal(self.outside.secret_key),
            self.start,
            self.rules,
            provider_name=self.name,
            user_claim=self.settings.user_claim,
            session_seconds=self.outside.session_seconds,
            clock=self.outside.clock,
        )
        return ProviderParts(provider, reader, logins)

    def _renewal(self, parts: ProviderParts) -> SessionRenewal:
        return SessionRenewal(
            parts.provider,
            self.store,
            self.memory,
            parts.reader,
            self.rules,
            self.audit_log,
            self.outside.clock,
            ProviderAvailability(self.outside.clock),
        )

    def _tokens(self, kind: TokenKind) -> TokenAccess:
        return TokenAccess(kind, self.rules, self.audit_log, self.outside.clock)

    def _bearer(self, provider: Provider) -> TokenKind:
        settings, clock = self.settings, self.outside.clock

        def verify_bearer(token: str, keys: KeySet) -> dict[str, Any]:
            return verify_access_token(
                token,
                keys,
                issuer=settings.issuer,
                client_id=settings.client_id,
                audiences=settings.audiences,
                now=clock(),
            )

        return TokenKind(BEARER, provider, verify_bearer, settings.user_claim, self.marks)

    def _proxy(self, keys: KeyCache) -> TokenKind:
        settings, clock = self.settings, self.outside.clock

        def verify_header(token: str, keys: KeySet) -> dict[str, Any]:
            return verify(
                token,
                keys,
                issuer=settings.proxy_jwt_issuer,
                audiences={settings.proxy_jwt_audience},
                now=clock(),
                require=("exp",),
            )

        return TokenKind(PROXY, keys, verify_header, settings.user_claim)
