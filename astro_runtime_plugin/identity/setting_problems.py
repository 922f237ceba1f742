"""What a setting of the identity provider must be: one function for each kind; empty if the text is so."""

from __future__ import annotations

import re
from ipaddress import ip_network
from urllib.parse import SplitResult

from astro_runtime_plugin.identity.roles.claim_path import path_problem
from astro_runtime_plugin.options.urls import MAX_URL_LENGTH, split_url
from entrypoint.config_values import airflow_boolean

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")
HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,99}")  # an underscore would not pass nginx
TAKEN_HEADERS = ("authorization", "cookie", "host", "origin", "referer", "content-type", "content-length")
MAX_LENGTH = 1000  # characters of a name or a secret


def issuer(text: str) -> str:
    """The provider's own name: a URL, to which the path of its discovery document is added."""
    parts = _url_parts(text)
    if parts is None or parts.query or parts.fragment:
        return (
            "the provider's issuer, https://HOST or https://HOST/PATH (http:// only for this machine itself)"
        )
    return ""


def https_url(text: str) -> str:
    """The address of something that nobody on the way may change."""
    parts = _url_parts(text)
    return "" if parts and not parts.fragment else "https://HOST/PATH (http:// only for this machine itself)"


def word(text: str) -> str:
    """A name without blanks."""
    is_word = text.isprintable() and " " not in text and len(text) <= MAX_LENGTH
    return "" if is_word else "a text without blanks"


def secret(text: str) -> str:
    """A client's secret. RFC 6749, appendix A.2: ASCII that can be printed."""
    is_secret = text.isascii() and text.isprintable() and len(text) <= MAX_LENGTH
    return "" if is_secret else "the client's secret, ASCII characters in one line"


def any_text(_: str) -> str:
    """A text that is checked elsewhere, or with any value."""
    return ""


def scopes(text: str) -> str:
    """OAuth scopes with blanks or commas between them."""
    words = text.replace(",", " ").split()
    return (
        "" if "openid" in words and text.isascii() else "scopes with blanks between them, openid among them"
    )


def claim(text: str) -> str:
    """A claim's path."""
    return "a claim, such as email or preferred_username" if path_problem(text) else ""


def header(text: str) -> str:
    """The name of an HTTP header that has no other meaning."""
    is_free = HEADER.fullmatch(text) and text.lower() not in TAKEN_HEADERS
    return "" if is_free else "a header of its own, letters, digits and -, such as X-Forwarded-Access-Token"


def networks(text: str) -> str:
    """Addresses of machines or networks."""
    try:
        for part in filter(None, (part.strip() for part in text.split(","))):
            ip_network(part, strict=False)
    except ValueError:
        return "addresses or networks with commas between them, such as 10.0.0.7, 10.1.0.0/16"
    return ""


def boolean(text: str) -> str:
    """A switch."""
    return "True or False" if airflow_boolean(text) is None else ""


def _url_parts(text: str) -> SplitResult | None:
    """Return the parts of a URL by which a secret may be sent: https, or http to this machine."""
    parts = split_url(text, " \\")
    if parts is None or not parts.hostname or "@" in parts.netloc or len(text) > MAX_URL_LENGTH:
        return None
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS)
    return parts if is_safe else None
