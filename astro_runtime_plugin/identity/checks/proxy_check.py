"""Whether the keys of the trusted proxy can be fetched. Waits for the network."""

from __future__ import annotations

from astro_runtime_plugin.identity.checks.finding import Finding
from astro_runtime_plugin.identity.checks.provider_check import describe_keys, failure
from astro_runtime_plugin.identity.provider.errors import ProviderError
from astro_runtime_plugin.identity.provider.key_cache import KeyCache
from astro_runtime_plugin.identity.settings import IdentitySettings

PROXY_KEYS = "proxy keys"


def proxy_findings(settings: IdentitySettings) -> list[Finding]:
    """Return whether the proxy's keys can be fetched; nothing without a proxy."""
    if not settings.has_proxy:
        return []
    keys = KeyCache(settings.proxy_jwks_url)
    try:
        keys.refresh_keys()
    except ProviderError as error:
        return [failure(PROXY_KEYS, error)]
    return [Finding(PROXY_KEYS, "ok", describe_keys(keys.keys))]
