"""Fetches the update document in a child process (`download_process`)."""

from __future__ import annotations

import signal
from typing import Any, NamedTuple

from astro_runtime_plugin import child_process
from astro_runtime_plugin.options.text import single_line
from astro_runtime_plugin.updates.download_error import DownloadError

DOWNLOAD_MODULE = "astro_runtime_plugin.updates.download_process"
MAX_SECONDS = 30  # for the whole fetch, after which the child process is killed
SPARE_SECONDS = 10.0  # for the child process to start
MAX_MESSAGE_LENGTH = 300  # characters; the server may have written a part of it
MAX_BYTES = 4 * 1024 * 1024  # escaped as a JSON string, it still fits into MySQL's MEDIUMTEXT


class FetchedDocument(NamedTuple):
    """A document's text and its version: the server's ETag, or a file's modification time and size."""

    text: str
    etag: str | None


def fetch_document(
    url: str, etag: str | None = None, seconds: int = MAX_SECONDS, limit: int = MAX_BYTES
) -> FetchedDocument | None:
    """Return the document at `url`, or None if it still has this `etag`. Raises DownloadError.

    `seconds` limits the duration of the whole fetch, `limit` the document's size in bytes.
    """
    answer = _ask({"url": url, "etag": etag, "seconds": seconds, "limit": limit}, seconds + SPARE_SECONDS)
    if "failed" in answer:
        raise DownloadError(answer["failed"], single_line(answer["why"], MAX_MESSAGE_LENGTH))
    return None if answer.get("same") else FetchedDocument(answer["text"], answer["etag"])


def _ask(question: dict[str, Any], seconds: float) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = child_process.ask(DOWNLOAD_MODULE, question, seconds)
    except child_process.ChildFailedError as failure:
        if failure.code == -signal.SIGALRM:
            raise DownloadError("time-out", f"does not come within {question['seconds']} seconds") from None
        why = f"cannot be fetched: the process that fetches it ended with {failure.code}"
        raise DownloadError("error", why) from None
    return answer
