"""What a request's headers say about who made it: a person who sees a page, a script in one, or another site."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol
from urllib.parse import urlsplit

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
OWN_SITE = ("same-origin", "none")  # none: the user typed the address
SCHEME = "bearer "


class Headers(Protocol):
    """The headers of a request, by names in any case."""

    def get(self, name: str, /) -> str | None:
        """Return the value of a header."""


def bearer_token(authorization: str) -> str:
    """Return the token of an Authorization header; empty if it has another scheme."""
    has_scheme = authorization[: len(SCHEME)].lower() == SCHEME
    return authorization[len(SCHEME) :].strip() if has_scheme else ""


def is_script(headers: Headers) -> bool:
    """Whether a script made the request, which would mistake a page for its data. Without any sign it was a person."""
    mode = headers.get("Sec-Fetch-Mode")
    if mode:
        return mode != "navigate"
    if (headers.get("X-Requested-With") or "").lower() == "xmlhttprequest":
        return True
    accepted = (headers.get("Accept") or "").lower()
    return "json" in accepted and "text/html" not in accepted


def is_cross_site(method: str, headers: Headers, own_hosts: Collection[str]) -> bool:
    """Whether a page of another site made a request that may change something; programs send neither header.

    `own_hosts` are the hosts, with their ports, under which browsers know this site.
    """
    if method in SAFE_METHODS:
        return False
    site = headers.get("Sec-Fetch-Site")
    if site:
        return site not in OWN_SITE
    origin = headers.get("Origin")
    return bool(origin) and urlsplit(origin or "").netloc not in own_hosts
