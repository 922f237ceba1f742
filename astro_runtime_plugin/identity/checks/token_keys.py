"""The keys with which a token on stdin is verified. Waits for the network."""

from __future__ import annotations

from astro_runtime_plugin.identity.checks.token_report import TokenKeys
from astro_runtime_plugin.identity.provider.errors import ProviderError
from astro_runtime_plugin.identity.provider.key_cache import KeyCache
from astro_runtime_plugin.identity.provider.provider import Provider
from astro_runtime_plugin.identity.settings import IdentitySettings
from astro_runtime_plugin.identity.tokens.keys import KeySet


def fetch_keys(settings: IdentitySettings) -> TokenKeys:
    """Return the keys of the issuer and of the proxy, and why one of these has none."""
    no_issuer, no_proxy = (KeySet(), "no issuer is set"), (KeySet(), "no proxy is set")
    issuer, issuer_problem = _fetch(Provider(settings)) if settings.has_provider else no_issuer
    proxy, proxy_problem = _fetch(KeyCache(settings.proxy_jwks_url)) if settings.has_proxy else no_proxy
    return TokenKeys(issuer, proxy, issuer_problem, proxy_problem)


def _fetch(source: Provider | KeyCache) -> tuple[KeySet, str]:
    try:
        source.refresh_keys()
    except ProviderError as error:
        return KeySet(), f"the keys cannot be fetched: {error}"
    return source.keys, ""
