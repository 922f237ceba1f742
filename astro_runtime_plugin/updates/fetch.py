"""Fetches the update document, in a process of its own (`download`)."""

from __future__ import annotations

import signal
from typing import Any, NamedTuple

from astro_runtime_plugin import child_process

DOWNLOAD_MODULE = "astro_runtime_plugin.updates.download"
MAX_SECONDS = 30  # for all of it, after which the process is ended
SPARE_SECONDS = 10.0  # for the process to start
LIMIT_BYTES = 4 * 1024 * 1024  # with a JSON string's escapes it still fits into MySQL's MEDIUMTEXT


class FetchError(Exception):
    """Why there is no document: `kind` is a word, and `str()` of it goes on where "the update document" was said."""

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(why)
        self.kind = kind


class FetchedDocument(NamedTuple):
    """A document's text, and what tells it from another: the server's ETag, or a file's size and time of change."""

    text: str
    etag: str | None


def fetch(
    url: str, etag: str | None = None, seconds: int = MAX_SECONDS, limit: int = LIMIT_BYTES
) -> FetchedDocument | None:
    """Return the document at `url`, or None where it is still the one with this `etag`. Raises FetchError.

    `seconds` is how long all of it may take, `limit` how many bytes the document may have.
    """
    answer = _ask({"url": url, "etag": etag, "seconds": seconds, "limit": limit}, seconds + SPARE_SECONDS)
    if "failed" in answer:
        raise FetchError(answer["failed"], answer["why"])
    return None if answer.get("same") else FetchedDocument(answer["text"], answer["etag"])


def _ask(question: dict[str, Any], seconds: float) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = child_process.ask(DOWNLOAD_MODULE, question, seconds)
    except child_process.ChildFailedError as failure:
        if failure.code == -signal.SIGALRM:
            raise FetchError("time-out", f"does not come within {question['seconds']} seconds") from None
        why = f"cannot be fetched: the process that fetches it ended with {failure.code}"
        raise FetchError("error", why) from None
    return answer
