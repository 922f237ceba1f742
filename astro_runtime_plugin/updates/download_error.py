"""The error of a download that failed."""

from __future__ import annotations


class DownloadError(Exception):
    """The download failed; `kind` is a word, and the message completes a sentence about "the update document"."""

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(why)
        self.kind = kind
