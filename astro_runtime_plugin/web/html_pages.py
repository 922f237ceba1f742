"""Where the Runtime's pages are, and which requests and responses are for HTML pages; both footers use it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

Headers = Iterable[tuple[bytes, bytes]]

URL_PREFIX = "/astro-runtime"
STATIC = Path(__file__).parent / "static"
# The values of Sec-Fetch-Dest for a page: scripts send `empty`, and over plain http browsers send no such header.
PAGE_DESTINATIONS = (b"", b"document", b"iframe", b"frame", b"embed", b"object")


def is_whole_page(status: int, headers: Headers) -> bool:
    """Whether a response is a complete, uncompressed HTML document that a browser displays."""
    fields = {name.lower(): value.lower() for name, value in headers}
    return (
        (status == 200 or status >= 400)
        and fields.get(b"content-type", b"").startswith(b"text/html")
        and fields.get(b"content-encoding", b"identity") == b"identity"
        and not fields.get(b"content-disposition", b"").startswith(b"attachment")
    )
