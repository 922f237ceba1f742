"""The settings of the identity provider in `[astro_runtime]`, read from Airflow's `conf` and checked.

Unlike other settings of the section, a wrong one raises: who may do what must not depend on a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from configparser import Error as ConfigParserError
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from astro_runtime_plugin.airflow_compat import mask_secret
from astro_runtime_plugin.identity import setting_problems as problems
from entrypoint.config_values import airflow_boolean
from entrypoint.errors import StartError, bad_value
from entrypoint.identity import (
    CLIENT_ID,
    CLIENT_SECRET,
    ISSUER,
    PROXY_HEADER,
    PROXY_KEYS,
    ROLE_RULES,
)

AUDIENCE, SCOPES, USER_CLAIM = "oidc_audience", "oidc_scopes", "oidc_user_claim"
PROXY_ISSUER, PROXY_AUDIENCE, PROXY_ADDRESSES = "proxy_jwt_issuer", "proxy_jwt_audience", "proxy_addresses"
ADMIN_TOKENS = "admin_tokens"
LOOPBACK = "127.0.0.0/8, ::1"
# What a setting needs besides itself.
NEEDED = {
    ISSUER: (CLIENT_ID, ROLE_RULES),
    PROXY_HEADER: (PROXY_KEYS, PROXY_ISSUER, PROXY_AUDIENCE, ROLE_RULES),
    PROXY_KEYS: (PROXY_HEADER,),
}
# What has no effect without one of the others, so that one of those has been forgotten or misspelt.
USELESS_ALONE = (CLIENT_ID, CLIENT_SECRET, ROLE_RULES, PROXY_ISSUER, PROXY_AUDIENCE)
Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class IdentitySettings:
    """Which provider and which proxy are trusted, and for what; a text that is not set is empty.

    `roles` is JSON or a file's path, for `RulesSource`; `scopes` has blanks between its words.
    """

    issuer: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)  # empty: a public client
    roles: str = ""
    audiences: tuple[str, ...] = ()  # of access tokens, besides `client_id`
    scopes: str = ""  # empty: openid profile email, and offline_access where the provider has it
    user_claim: str = ""  # empty: preferred_username, verified email or sub
    proxy_jwt_header: str = ""
    proxy_jwks_url: str = ""
    proxy_jwt_issuer: str = ""
    proxy_jwt_audience: str = ""
    proxy_addresses: tuple[Network, ...] = ()
    admin_tokens: bool = False

    @property
    def has_provider(self) -> bool:
        """Whether users log in at a provider."""
        return bool(self.issuer)

    @property
    def has_proxy(self) -> bool:
        """Whether a proxy says who a user is."""
        return bool(self.proxy_jwt_header)


def read_settings(conf: Any) -> IdentitySettings | None:
    """Return the settings; None if there is neither a provider nor a proxy.

    Raises StartError for a value that cannot be used, and for one that is missing.
    """
    texts = {name: _text(conf, name) for name in PROBLEMS}
    _check_complete(texts)
    if not texts[ISSUER] and not texts[PROXY_HEADER]:
        return None
    for name, problem_of in PROBLEMS.items():
        _check(name, texts[name], problem_of)
    mask_secret(texts[CLIENT_SECRET])  # Airflow has masked a command's output with the line's end
    return IdentitySettings(
        issuer=texts[ISSUER],
        client_id=texts[CLIENT_ID],
        client_secret=texts[CLIENT_SECRET],
        roles=texts[ROLE_RULES],
        audiences=split_list(texts[AUDIENCE]),
        scopes=" ".join(texts[SCOPES].replace(",", " ").split()),
        user_claim=texts[USER_CLAIM],
        proxy_jwt_header=texts[PROXY_HEADER],
        proxy_jwks_url=texts[PROXY_KEYS],
        proxy_jwt_issuer=texts[PROXY_ISSUER],
        proxy_jwt_audience=texts[PROXY_AUDIENCE],
        proxy_addresses=_networks(texts[PROXY_ADDRESSES] or LOOPBACK),
        admin_tokens=airflow_boolean(texts[ADMIN_TOKENS]) is True,
    )


PROBLEMS: dict[str, Callable[[str], str]] = {
    ISSUER: problems.issuer,
    CLIENT_ID: problems.word,
    CLIENT_SECRET: problems.secret,
    ROLE_RULES: problems.any_text,
    AUDIENCE: problems.any_text,
    SCOPES: problems.scopes,
    USER_CLAIM: problems.claim,
    PROXY_HEADER: problems.header,
    PROXY_KEYS: problems.https_url,
    PROXY_ISSUER: problems.word,
    PROXY_AUDIENCE: problems.word,
    PROXY_ADDRESSES: problems.networks,
    ADMIN_TOKENS: problems.boolean,
}


def split_list(text: str) -> tuple[str, ...]:
    """Return the elements of a list with commas between them."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def location(name: str) -> str:
    """Return the setting's name for a message."""
    return f"[astro_runtime] {name}"


def _text(conf: Any, name: str) -> str:
    """Return a setting without blanks around it, such as the line's end in a command's output."""
    try:
        return (conf.get("astro_runtime", name, fallback=None) or "").strip()
    except ConfigParserError:
        raise StartError(f"{location(name)} cannot be read; in airflow.cfg a % is written %%") from None
    except Exception as error:  # of the command or the secrets backend; its text may repeat the secret
        kind = type(error).__name__
        raise StartError(
            f"{location(name)} cannot be read ({kind}); its command or secrets backend must give the value"
        ) from None


def _check_complete(texts: dict[str, str]) -> None:
    for name, others in NEEDED.items():
        missing = next((other for other in others if not texts[other]), None)
        if texts[name] and missing:
            raise StartError(f"{location(name)} is set, but {location(missing)} is not; it needs both")
    alone = next((name for name in USELESS_ALONE if texts[name]), None)
    if alone and not texts[ISSUER] and not texts[PROXY_HEADER]:
        both = f"{location(ISSUER)} or {location(PROXY_HEADER)}"
        raise StartError(
            f"{location(alone)} is set, but neither {both}; it has no effect without one of them"
        )


def _check(name: str, text: str, problem_of: Callable[[str], str]) -> None:
    must_be = problem_of(text) if text else ""
    if must_be:
        raise bad_value(location(name), _without_secret(name, text), must_be)


def _without_secret(name: str, text: str) -> str:
    """Return a value as a message may show it: a URL may hold a password before its last `@`."""
    return "***" if name == CLIENT_SECRET else re.sub(r"//.*@", "//***@", text, flags=re.DOTALL)


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(ip_network(part, strict=False) for part in split_list(text))
