"""The provider of this process."""

from __future__ import annotations

from astro_runtime_plugin.identity.provider.provider import Provider, ProviderSettings

_providers: dict[tuple[str, str, str, str], Provider] = {}


def provider_of(settings: ProviderSettings) -> Provider:
    """Return the provider of some settings, always the same one in a process; a fork goes on with what was read."""
    key = (settings.issuer, settings.client_id, settings.client_secret or "", settings.scopes)
    return _providers.setdefault(key, _providers.get(key) or Provider(settings))
