"""Whether the provider takes this client: its redirect URI, and its secret. Waits for the network.

Nobody logs in for this: the provider is asked for a login that must fail, and for the tokens of a code that it never
gave.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from astro_runtime_plugin.identity.addresses import is_loopback
from astro_runtime_plugin.identity.checks.finding import Finding
from astro_runtime_plugin.identity.checks.provider_check import failure
from astro_runtime_plugin.identity.provider.errors import ProviderError
from astro_runtime_plugin.identity.provider.http import send
from astro_runtime_plugin.identity.provider.provider import Provider
from astro_runtime_plugin.identity.settings import IdentitySettings

REDIRECT_URI, CLIENT = "redirect URI", "client"
CODE = "astro-runtime-identity-check"
VERIFIER = "astro-runtime-identity-check-which-no-login-has-used"  # PKCE wants 43 characters at least
FITS = ("invalid_grant",)  # what the provider says of the code once it has accepted the client
WRONG_CLIENT = ("invalid_client", "unauthorized_client")


def client_findings(settings: IdentitySettings, provider: Provider, redirect_uri: str) -> Iterator[Finding]:
    """Yield whether the provider takes the redirect URI and the client's secret."""
    yield redirect_finding(provider, redirect_uri)
    yield secret_finding(settings, provider, redirect_uri)


def redirect_finding(provider: Provider, redirect_uri: str) -> Finding:
    """Return whether the provider sends the browser back to `redirect_uri`, which users open, too."""
    try:
        url = provider.authorization_url(redirect_uri, CODE, CODE, VERIFIER, prompt="none")
        answer = send("GET", url)
    except ProviderError as error:
        return failure(REDIRECT_URI, error)
    if answer.headers.get("location", "").startswith(redirect_uri):
        return _address_finding(redirect_uri, "the provider accepts it")
    if 400 <= answer.status < 500:
        return Finding(
            REDIRECT_URI,
            "wrong",
            f"{redirect_uri} or the client id is not registered: the provider answers with {answer.status}",
        )
    return _address_finding(redirect_uri, "the provider does not say whether it is registered")


def _address_finding(redirect_uri: str, verdict: str) -> Finding:
    if urlsplit(redirect_uri).scheme == "http" and not is_loopback(redirect_uri):
        return Finding(REDIRECT_URI, "warning", f"{redirect_uri} is not https; {verdict}")
    return Finding(REDIRECT_URI, "ok", f"{redirect_uri}; {verdict}")


def secret_finding(settings: IdentitySettings, provider: Provider, redirect_uri: str) -> Finding:
    """Return whether the provider takes the client with its secret, or without one."""
    how = "with this secret" if settings.client_secret else "without a secret"
    try:
        provider.exchange(CODE, redirect_uri, VERIFIER)
    except ProviderError as error:
        if error.code in FITS:
            return Finding(CLIENT, "ok", f"the provider accepts it {how}")
        if error.code in WRONG_CLIENT:
            return Finding(CLIENT, "wrong", f"the provider refuses it {how} ({error.code})")
        if error.transient:
            return failure(CLIENT, error)
        return Finding(CLIENT, "warning", f"the provider does not say whether it accepts it {how}: {error}")
    return Finding(CLIENT, "wrong", "the provider gives tokens for a code that it never issued")
