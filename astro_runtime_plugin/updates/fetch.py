"""Fetches the update document in a child process (`download`)."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import suppress
from tempfile import TemporaryFile
from typing import Any, NamedTuple

DOWNLOAD = (sys.executable, "-m", "astro_runtime_plugin.updates.download")
MAX_SECONDS = 30  # for the whole fetch, after which the child process is killed
SPARE_SECONDS = 10.0  # for the child process to start
MAX_BYTES = 4 * 1024 * 1024  # escaped as a JSON string, it still fits into MySQL's MEDIUMTEXT


class FetchError(Exception):
    """The fetch failed; `kind` is a word, and the message completes a sentence about "the update document"."""

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(why)
        self.kind = kind


class FetchedDocument(NamedTuple):
    """A document's text and its version: the server's ETag, or a file's modification time and size."""

    text: str
    etag: str | None


def fetch(
    url: str, etag: str | None = None, seconds: int = MAX_SECONDS, limit: int = MAX_BYTES
) -> FetchedDocument | None:
    """Return the document at `url`, or None if it still has this `etag`. Raises FetchError.

    `seconds` limits the duration of the whole fetch, `limit` the document's size in bytes.
    """
    answer = _ask({"url": url, "etag": etag, "seconds": seconds, "limit": limit}, seconds + SPARE_SECONDS)
    if "failed" in answer:
        raise FetchError(answer["failed"], answer["why"])
    return None if answer.get("same") else FetchedDocument(answer["text"], answer["etag"])


def _ask(question: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Ask a process, by files: a process that the scheduler forks meanwhile could hold an end of a pipe.

    With `close_fds=False` Python takes posix_spawn, for the same reason. Nothing is inherited but stderr (PEP 446).
    """
    with TemporaryFile() as asked, TemporaryFile() as answered:
        asked.write(json.dumps(question).encode())
        asked.seek(0)
        process = subprocess.Popen(DOWNLOAD, stdin=asked, stdout=answered, close_fds=False)
        code = _wait(process, seconds)
        answered.seek(0)
        with suppress(ValueError):
            answer: dict[str, Any] = json.load(answered)
            return answer
    if code == -signal.SIGALRM:
        raise FetchError("time-out", f"does not come within {question['seconds']} seconds")
    raise FetchError("error", f"cannot be fetched: the process that fetches it ended with {code}")


def _wait(process: subprocess.Popen[bytes], seconds: float) -> int:
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return -signal.SIGALRM
