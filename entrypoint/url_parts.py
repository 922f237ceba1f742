"""Splits the URL of a database as SQLAlchemy does, and the URL of a broker as kombu does.

Both are rebuilt from string methods: `re` and `urllib.parse` take longer to import than a whole start may last.
The tests compare every part with SQLAlchemy's `make_url` and kombu's `parse_url`.
"""

from __future__ import annotations


class UrlParts:
    """The parts of one URL. `host`, `port` and `path` are as they stand; the other parts are unquoted.

    `ambiguous` says that an `@` stands behind the host: then what reads like a host may be part of a password that
    is not percent-encoded, and must not be shown.
    """

    __slots__ = ("ambiguous", "driver", "host", "kind", "options", "password", "path", "port", "user")

    def __init__(
        self, kind: str, driver: str, credentials: tuple[str, str], address: tuple[str, str]
    ) -> None:
        self.kind = kind
        self.driver = driver
        self.user, self.password = map(unquote, credentials)
        self.host, self.port = address
        self.path = ""
        self.options: list[tuple[str, str]] = []
        self.ambiguous = False

    def option(self, name: str) -> str:
        """Return the last value of an option in the query, or an empty text."""
        return dict(self.options).get(name, "")


def split_scheme(url: str) -> tuple[str, str, str]:
    """Split `kind+driver://rest` into kind, driver and rest; three empty strings if `url` is not a URL."""
    scheme, separator, rest = url.partition("://")
    kind, _, driver = scheme.strip().lower().partition("+")
    return (kind, driver, rest) if separator else ("", "", "")


def split_database_url(url: str) -> UrlParts:
    """Split a URL with the grammar of `sqlalchemy.engine.url._parse_url`."""
    kind, driver, rest = split_scheme(url)
    user, password, after = _database_credentials(rest)
    host, after_host = _database_host(after)
    port, after_port = _until(after_host[1:], "/?") if after_host.startswith(":") else ("", after_host)
    parts = UrlParts(kind, driver, (user, password), (host, port))
    if after_port.startswith("/"):
        parts.path, after_port = _until(after_port[1:], "?")
    if after_port.startswith("?"):
        parts.options = _options(after_port[1:])
    parts.ambiguous = "@" in after
    return parts


def _database_credentials(rest: str) -> tuple[str, str, str]:
    """Split `user:password@…`. A user ends at the first `:` or `/`, and a password at the first `@`."""
    user, colon, after = rest.partition(":")
    if colon and "/" not in user and "@" in after:
        password, _, after = after.partition("@")
        return user, password, after
    user, _, _ = _until(rest, ":/")[0].rpartition("@")
    return (user, "", rest[len(user) + 1 :]) if rest.startswith(f"{user}@") else ("", "", rest)


def _database_host(text: str) -> tuple[str, str]:
    """Split a host, or an IPv6 address in brackets, from what follows it."""
    if text.startswith("["):
        address, bracket, _ = _until(text, "/?")[0].rpartition("]")
        if bracket and len(address) > 1:
            return address[1:], text[len(address) + 1 :]
    return _until(text, "/:?")


def split_broker_url(url: str) -> UrlParts:
    """Split a URL with the grammar of `kombu.utils.url.url_to_parts`, which is that of HTTP."""
    kind, driver, rest = split_scheme(url)
    authority, after = _until(rest, "/?#")
    credentials, _, address = authority.rpartition("@")
    user, _, password = credentials.partition(":")
    parts = UrlParts(kind, driver, (user, password), _broker_address(address))
    if after.startswith("/"):
        path, after = _until(after[1:], "?#")
        parts.path = unquote(path)
    if after.startswith("?"):
        parts.options = _options(after[1:].partition("#")[0])
    parts.ambiguous = "@" in rest[len(authority) :]
    return parts


def _broker_address(text: str) -> tuple[str, str]:
    if "[" in text:
        host, _, port = text.partition("[")[2].partition("]")
        return unquote(host.lower()), port.partition(":")[2]
    host, _, port = text.partition(":")
    return unquote(host.lower()), port


def _until(text: str, ends: str) -> tuple[str, str]:
    """Split `text` before the first of the characters `ends`."""
    end = min((text.index(character) for character in ends if character in text), default=len(text))
    return text[:end], text[end:]


def _options(query: str) -> list[tuple[str, str]]:
    """Split a query as `urllib.parse.parse_qsl` does, which drops names without a value."""
    pairs = [part.partition("=")[::2] for part in query.split("&")]
    return [
        (unquote(name.replace("+", " ")), unquote(value.replace("+", " "))) for name, value in pairs if value
    ]


def unquote(text: str) -> str:
    """Replace `%40` by `@`, and so on."""
    if "%" not in text:
        return text
    from urllib.parse import unquote as unquote_any

    return unquote_any(text)
