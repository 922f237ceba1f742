"""The last valid update document, in the Runtime's table in the metadata database, where every process can read it."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from astro_runtime_plugin.database import state
from astro_runtime_plugin.updates import document
from astro_runtime_plugin.updates.fetch import FetchedDocument
from astro_runtime_plugin.updates.listed import ListedReleases, list_releases

KIND, NAME = "update document", "last good"
# Characters of a row: `fetch.MAX_BYTES`, escaped as a JSON string in another one.
MAX_LENGTH = 16 * 1024 * 1024


class StoredDocument(BaseModel):
    """The last valid document. `source` identifies the URL that it came from, `etag` is the one that `fetch` returned.

    `fetched` is when it was downloaded, `checked` when it was last confirmed to be what the URL serves, in seconds
    since the epoch.
    """

    source: str
    text: str
    etag: str | None
    fetched: Annotated[float, Field(allow_inf_nan=False)]
    checked: Annotated[float, Field(allow_inf_nan=False)]


def source(url: str) -> str:
    """Return the identifier of a URL in the database; the URL itself may contain a password."""
    return sha256(url.encode()).hexdigest()[:32]


def stored_document(url: str) -> StoredDocument | None:
    """Return the last valid document of `url`; None if there is none, or only one of another URL."""
    with suppress(LookupError):
        return _validate(url, state.fetch_row(KIND, NAME, MAX_LENGTH))
    return None


def listed_releases(url: str) -> ListedReleases:
    """Return the releases of the catalogue and of the last valid document of `url`. Raises CatalogueError.

    A web server calls this for every page: the document is read again only after another one has been stored.
    """
    updated_at = state.updated_at(KIND, NAME)
    with suppress(LookupError):
        return _read_releases(url, updated_at) if updated_at else list_releases()
    return list_releases()


@lru_cache(maxsize=1)
def _read_releases(url: str, updated_at: float) -> ListedReleases:
    # It raises if the database has gone down: nothing is cached. A row that cannot be used is, until it changes.
    stored = _validate(url, state.fetch_row(KIND, NAME, MAX_LENGTH))
    return ListedReleases(document.parse(stored.text)) if stored else list_releases()


def _validate(url: str, row: Any) -> StoredDocument | None:
    """Return the row as a document of `url`; None for one of another URL, or that this Runtime cannot read."""
    try:
        stored = StoredDocument.model_validate(row)
        document.parse(stored.text)
    except (ValidationError, document.DocumentError):
        return None
    return stored if stored.source == source(url) else None


def save_document(url: str, fetched: FetchedDocument, now: float) -> None:
    """Store a valid document in place of the previous one. Raises SQLAlchemyError."""
    _write(StoredDocument(source=source(url), text=fetched.text, etag=fetched.etag, fetched=now, checked=now))


def confirm(stored: StoredDocument, now: float) -> None:
    """Record that the document is still what its URL serves. Raises SQLAlchemyError."""
    _write(stored.model_copy(update={"checked": now}))


def _write(stored: StoredDocument) -> None:
    state.put(KIND, NAME, stored.model_dump(), retention=None)
