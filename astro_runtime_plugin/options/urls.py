"""The check of the URLs that an operator, the catalogue or an update document supplies."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

LOCAL_HOSTS = ("", "localhost")
MAX_URL_LENGTH = 2000  # characters, which every browser and proxy takes


class UrlRule(NamedTuple):
    """Which URLs a setting accepts; `must_be` completes an error message after the setting's name."""

    must_be: str
    forbidden: str = " "  # characters, besides those that cannot be printed
    files: bool = False
    credentials: bool = True


# Browsers drop tabs and newlines from a URL and read a backslash as a slash, so a link must not contain either.
LINK = UrlRule("must begin with http:// or https:// and name a host", forbidden=" \\", credentials=False)
UPDATE_DOCUMENT = UrlRule("must be http://HOST/PATH, https://HOST/PATH or file:///PATH", files=True)


def url_problem(url: str, rule: UrlRule) -> str:
    """Return what `url` must be to satisfy `rule`, as in `must name a host`; empty if it does.

    The result never repeats the URL, which may contain a password.
    """
    if len(url) > MAX_URL_LENGTH:
        return f"must not be longer than {MAX_URL_LENGTH} characters"
    parts = split_url(url, rule.forbidden)
    if parts is None or not (_names_host(parts) or (rule.files and _names_file(parts))):
        return rule.must_be
    if "@" in parts.netloc and not rule.credentials:
        return "must not contain a user name or password"
    return ""


def without_secrets(url: str) -> str:
    """Return a valid URL without user name, password, query and fragment, for a message.

    An `@` behind the host suggests a password with an unescaped `/`, `?` or `#`, of which nothing is shown.
    """
    parts = urlsplit(url)
    if parts.netloc and "@" in parts.path + parts.query + parts.fragment:
        return f"{parts.scheme}://…"
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def is_plain_http(url: str) -> bool:
    """Whether a valid URL is http, which does not protect what is sent."""
    return urlsplit(url).scheme == "http"


def split_url(url: str, forbidden: str) -> SplitResult | None:
    """Return the parts of a URL; None if it cannot be read, or has a `forbidden` or unprintable character."""
    if not url.isprintable() or any(character in url for character in forbidden):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises ValueError for an invalid port
    except ValueError:
        return None
    return parts


def _names_host(parts: SplitResult) -> bool:
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _names_file(parts: SplitResult) -> bool:
    return parts.scheme == "file" and parts.netloc in LOCAL_HOSTS and parts.path.startswith("/")
