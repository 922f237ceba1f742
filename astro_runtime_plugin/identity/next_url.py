"""The page to come back to after a login: only ever a path of this site."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

MAX_LENGTH = 2000  # bytes; it travels in a cookie
MAX_DECODING = 3  # how often a path may be percent-encoded before it counts as an attack
START = "/"


def safe_next(url: str, base_path: str = "", origin: str = "") -> str:
    """Return `url` as a path that begins with `/` and is meant below `base_path`; `/` for anything that is not one.

    `base_path` is the path of the base URL (`/airflow`, or empty), which `url` may have in front. `origin` is this
    site's `https://host:port`, which `url` may have in front, too: Airflow 3's pages send their whole address.
    """
    if len(url.encode("utf-8", "replace")) > MAX_LENGTH or any(sign <= " " or sign == "\x7f" for sign in url):
        return START
    path = _without_origin(url, origin)
    if not _is_local(path):
        return START
    return _without_base(path, base_path.rstrip("/"))


def origin_of(url: str) -> str:
    """Return the `scheme://host:port` of an absolute URL in lower case; empty for any other text."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.scheme and parts.netloc else ""


def _without_origin(url: str, origin: str) -> str:
    if origin and origin_of(url) == origin.lower():
        return url[len(origin) :] or START
    return url


def _without_base(path: str, base_path: str) -> str:
    if base_path and (path == base_path or path.startswith((f"{base_path}/", f"{base_path}?"))):
        path = path[len(base_path) :]
    return path if path.startswith("/") else START + path


def _is_local(url: str) -> bool:
    """Whether the path, however often it is decoded, has one slash in front and no way up or out."""
    path = url.partition("#")[0].partition("?")[0]
    for _ in range(MAX_DECODING):
        if not _is_plain(path):
            return False
        decoded = unquote(path, errors="replace")
        if decoded == path:
            return "\\" not in url
        path = decoded
    return False


def _is_plain(path: str) -> bool:
    segments = path.split("/")
    return (
        path.startswith("/")
        and not any(segment in (".", "..") for segment in segments)
        and all(segments[1:-1])  # no empty segment: `//` in front names a host
        and not any(sign < " " or sign in "\\\x7f" for sign in path)
    )
