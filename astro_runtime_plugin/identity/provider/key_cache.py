"""A key set that is kept in memory, and renewed in the background."""

from __future__ import annotations

from collections.abc import Callable

from astro_runtime_plugin.identity.provider.errors import ProviderError
from astro_runtime_plugin.identity.provider.http import fetch_json
from astro_runtime_plugin.identity.provider.renewal import INTERVAL, Renewal
from astro_runtime_plugin.identity.tokens.verification import KeySet, KeySetError, parse_keys
from astro_runtime_plugin.options.urls import without_secrets


class KeyCache:
    """The keys at a URL, or at the URL that a function returns; that function may raise ProviderError.

    What was read last stays in force while the provider is away.
    """

    def __init__(self, url: str | Callable[[], str], interval: float = INTERVAL) -> None:
        self._url = url
        self._keys = KeySet()
        self._renewal = Renewal("keys of the identity provider", self._fetch, interval)

    @property
    def keys(self) -> KeySet:
        """The keys, empty before the first are here; never a request."""
        return self._keys

    @property
    def error(self) -> Exception | None:
        """What the last renewal failed with; None if it succeeded."""
        return self._renewal.error

    def start(self) -> None:
        """Begin to read the keys in the background, and to renew them."""
        self._renewal.start()

    def request_renewal(self) -> None:
        """Renew the keys in the background soon, as for a token with an unknown key."""
        self._renewal.request()

    def renew_and_wait(self, seconds: float = 5.0) -> bool:
        """Renew the keys in the background, wait for it, and return whether there are newer ones.

        False at once if they are not older than 10 seconds: unknown keys in many tokens cost no more than one request.
        """
        return self._renewal.request_and_wait(seconds)

    def refresh_keys(self) -> None:
        """Renew the keys now. Raises ProviderError."""
        self._renewal.run()

    def _fetch(self) -> None:
        url = self._url if isinstance(self._url, str) else self._url()
        document, _ = fetch_json(url)
        try:
            self._keys = parse_keys(document)
        except KeySetError as error:
            raise ProviderError(f"{without_secrets(url)} is not usable: {error}") from None
