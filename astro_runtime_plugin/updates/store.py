"""The last good update document, where every process finds it: in the Runtime's table in the metadata database."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from typing import Any

from pydantic import BaseModel, ValidationError

from astro_runtime_plugin.database import state
from astro_runtime_plugin.releases.catalogue import Release
from astro_runtime_plugin.updates import document
from astro_runtime_plugin.updates.fetch import FetchedDocument

KIND, NAME = "update document", "last good"


class StoredDocument(BaseModel):
    """The last good document. `source` stands for the URL that it came from, `etag` is what `fetch` gave with it.

    `fetched` is when it came, `checked` when it was last found to be what the URL holds, in seconds since the epoch.
    """

    source: str
    text: str
    etag: str | None
    fetched: float
    checked: float

    def releases(self) -> list[Release]:
        """Return what it lists. Raises DocumentError where this Runtime cannot read what another has stored."""
        return document.parse(self.text)


def source(url: str) -> str:
    """Return what stands for a URL, which may hold a password, in the database."""
    return sha256(url.encode()).hexdigest()[:32]


def stored_document(url: str) -> StoredDocument | None:
    """Return the last good document of `url`; None where there is none, or only one of another URL."""
    return _read(url, state.fetch(KIND).get(NAME))


def stored_releases(url: str) -> list[Release]:
    """Return the releases of the last good document of `url`, in their order; none where there is none.

    A web server asks for each page: the document is read again where another has been stored since.
    """
    at = state.updated_at(KIND, NAME)
    try:
        return _known(url, at) if at else []
    except LookupError:
        return []


@lru_cache(maxsize=1)
def _known(url: str, at: float) -> list[Release]:
    told = state.fetch(KIND)[NAME]  # a database that is away meanwhile is an error, which is not kept
    last = _read(url, told)
    return last.releases() if last else []


def _read(url: str, told: Any) -> StoredDocument | None:
    try:
        found = StoredDocument.model_validate(told)
        found.releases()
    except (ValidationError, document.DocumentError):
        return None
    return found if found.source == source(url) else None


def keep(url: str, fetched: FetchedDocument, now: float) -> None:
    """Put a good document into the place of the one before. Raises SQLAlchemyError."""
    _put(StoredDocument(source=source(url), text=fetched.text, etag=fetched.etag, fetched=now, checked=now))


def confirm(last: StoredDocument, now: float) -> None:
    """Note that the document is still what its URL holds. Raises SQLAlchemyError."""
    _put(last.model_copy(update={"checked": now}))


def _put(told: StoredDocument) -> None:
    state.put(KIND, NAME, told.model_dump(), retention=None)
