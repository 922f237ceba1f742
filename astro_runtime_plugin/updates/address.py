"""Where the update document is: `[astro_runtime] update_url`, checked, and shown without its secrets."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

MUST_BE = "must be http://HOST/PATH, https://HOST/PATH or file:///PATH"
LOCAL_HOSTS = ("", "localhost")


def url_problem(url: str) -> str:
    """Return what `url` must be; empty if it is. The URL, which may hold a password, is not repeated."""
    if not url.isprintable() or " " in url:
        return MUST_BE
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return MUST_BE
    return "" if _leads_somewhere(parts) else MUST_BE


def without_secrets(url: str) -> str:
    """Return a URL that has no `problem` for a message: without user, password, query and fragment."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _leads_somewhere(parts: SplitResult) -> bool:
    if parts.scheme == "file":
        return parts.netloc in LOCAL_HOSTS and parts.path.startswith("/")
    return parts.scheme in ("http", "https") and bool(parts.hostname)
