from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astro_runtime_plugin.identity.provider.errors import ProviderError
from astro_runtime_plugin.identity.provider.metadata import discovery_url, parse_metadata

ISSUER = "https://login.example.com/realms/one"
DOCUMENT: dict[str, Any] = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/keys",
}
VALUES = (
    st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text() | st.integers(), max_size=3)
)
NAMES = st.sampled_from(
    [*DOCUMENT, "end_session_endpoint", "scopes_supported", "backchannel_logout_supported"]
)


@pytest.mark.parametrize(
    ("issuer", "url"),
    [
        ("https://a.example", "https://a.example/.well-known/openid-configuration"),
        ("https://a.example/", "https://a.example/.well-known/openid-configuration"),
        (ISSUER, f"{ISSUER}/.well-known/openid-configuration"),
    ],
)
def test_discovery_is_below_the_issuer(issuer: str, url: str) -> None:
    assert discovery_url(issuer) == url


def test_description_needs_only_what_a_login_needs() -> None:
    metadata = parse_metadata(DOCUMENT, ISSUER)
    assert metadata.end_session_endpoint is None
    assert metadata.scopes_supported is None


@pytest.mark.parametrize("name", [ISSUER + "/", ISSUER.upper(), "https://other.example", "", None, [ISSUER]])
def test_another_name_is_refused(name: Any) -> None:
    with pytest.raises(ProviderError, match="both must be the same"):
        parse_metadata({**DOCUMENT, "issuer": name}, ISSUER)


@given(st.dictionaries(NAMES, VALUES))
def test_any_document_is_a_description_or_refused(changes: dict[str, Any]) -> None:
    try:
        metadata = parse_metadata({**DOCUMENT, **changes}, ISSUER)
    except ProviderError as error:
        message = str(error)
        metadata = None
    else:
        message = ""
    assert message.isprintable()
    assert metadata is None or metadata.token_endpoint.startswith(("https://", "http://"))
