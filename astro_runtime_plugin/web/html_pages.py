"""Where the Runtime's pages are, and which requests and responses are for HTML pages; both footers use it."""

from __future__ import annotations

from collections.abc import Iterable
from email.message import Message
from functools import lru_cache
from pathlib import Path

Headers = Iterable[tuple[bytes, bytes]]

URL_PREFIX = "/astro-runtime"
STATIC = Path(__file__).parent / "static"
# The values of Sec-Fetch-Dest for a page: scripts send `empty`, and over plain http browsers send no such header.
PAGE_DESTINATIONS = (b"", b"document", b"iframe", b"frame", b"embed", b"object")
ASCII = "".join(map(chr, range(32, 127)))
# The headers with which a server or browser recognises an unchanged body.
VALIDATORS = (
    *(b"etag", b"last-modified", b"accept-ranges"),
    *(b"content-md5", b"digest", b"content-digest", b"repr-digest"),
)
CONDITIONS = (b"if-none-match", b"if-modified-since")


def is_whole_page(status: int, headers: Headers) -> bool:
    """Whether a response is a complete, uncompressed HTML document in which ASCII can be inserted."""
    fields = {name.lower(): value.lower() for name, value in headers}
    return (
        (status == 200 or status >= 400)
        and _is_html(fields.get(b"content-type", b""))
        and fields.get(b"content-encoding", b"identity") == b"identity"
        and not fields.get(b"content-disposition", b"").startswith(b"attachment")
    )


def is_validator(name: bytes) -> bool:
    """Whether a header of a response describes the body as it was before the footer was inserted."""
    return name.lower() in VALIDATORS


def may_be_conditional(destination: bytes, accept: bytes) -> bool:
    """Whether a request is for a page, so that the answer "not modified" would show a page without the footer.

    Over plain http browsers do not tell the destination, but accept HTML only as a page.
    """
    return destination in PAGE_DESTINATIONS and (destination != b"" or b"text/html" in accept.lower())


@lru_cache(maxsize=32)  # Python's parser takes as long as the rest of the footer's part in a request
def _is_html(content_type: bytes) -> bool:
    message = Message()
    message["Content-Type"] = content_type.decode("latin-1")
    charset = message.get_content_charset("utf-8")
    return message.get_content_type() == "text/html" and _contains_ascii(charset)


@lru_cache(maxsize=32)
def _contains_ascii(charset: str) -> bool:
    """Whether ASCII text has the same bytes in a character set, unlike UTF-16 and EBCDIC; False for an unknown one."""
    try:
        return ASCII.encode(charset) == ASCII.encode()
    except (LookupError, ValueError):
        return False
