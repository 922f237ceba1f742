"""The scheduler's thread that fetches the update document once a day, unless another scheduler has fetched it.

The thread checks about every hour whether the document is due. A failure is therefore retried an hour later, and a
scheduler that restarts every few minutes, or one of many schedulers, fetches no more often than a single one.
"""

from __future__ import annotations

import logging
import random
import time

from sqlalchemy.exc import SQLAlchemyError

from astro_runtime_plugin.background import StoppableWait
from astro_runtime_plugin.database import state
from astro_runtime_plugin.options.urls import without_secrets
from astro_runtime_plugin.updates import document, store
from astro_runtime_plugin.updates.download_error import DownloadError
from astro_runtime_plugin.updates.fetch import FetchedDocument, fetch_document

log = logging.getLogger("astro_runtime")

DAY_SECONDS = 24 * 60 * 60.0
RETRY_SECONDS = 60 * 60.0  # between two attempts, counted over all schedulers
MAX_FIRST_DELAY = 10.0  # seconds between a scheduler's start and its first check
JITTER = 0.2  # share of a pause, so that installations that started together do not fetch together
TURN = "update turn"


class DailyCheck:
    """Keeps the stored document of `url` up to date; warns once per kind of failure until a fetch succeeds.

    A document older than `max_age` is due; after an attempt, no scheduler makes another one for `retry_after`. Both
    are in seconds.
    """

    def __init__(self, url: str, max_age: float = DAY_SECONDS, retry_after: float = RETRY_SECONDS) -> None:
        self.url = url
        self._max_age = max_age
        self._retry_after = retry_after
        self._warned: set[str] = set()

    def run(self, wait: StoppableWait) -> None:
        """Check until the process ends."""
        wait(random.uniform(0, MAX_FIRST_DELAY))  # noqa: S311 - not a secret
        while True:
            self.check()
            wait(self._retry_after * random.uniform(1, 1 + JITTER))  # noqa: S311

    def check(self) -> None:
        """Fetch the document if it is due and no other scheduler has taken the turn."""
        url = without_secrets(self.url)
        try:
            if self._is_fresh() or self._fetch():
                self._warned.clear()
        except (DownloadError, document.DocumentError) as error:
            self._warn(error.kind, f"{url} {error}")
        except SQLAlchemyError as error:  # its message contains the values of the statement
            self._warn("database", f"{url} cannot be stored: {type(error).__name__}")
        except Exception as error:
            self._warn("error", f"{url} cannot be fetched: {type(error).__name__}")

    def _is_fresh(self) -> bool:
        """Whether a scheduler has fetched or confirmed the document recently; a date in the future does not count."""
        stored = store.stored_document(self.url)
        return stored is not None and 0 <= time.time() - stored.checked < self._max_age

    def _fetch(self) -> bool:
        """Return whether the document is valid now; False if it is another scheduler's turn."""
        if not state.take_turn(TURN, store.source(self.url), self._retry_after):
            return False
        stored = store.stored_document(self.url)
        fetched = fetch_document(self.url, stored.etag if stored else None)
        if fetched:
            self._store(fetched)
        elif stored:
            store.confirm(stored, time.time())
        return True

    def _store(self, fetched: FetchedDocument) -> None:
        releases = document.parse(fetched.text)
        store.save_document(self.url, fetched, time.time())
        log.info("The update document %s lists %d releases", without_secrets(self.url), len(releases))

    def _warn(self, kind: str, problem: str) -> None:
        if kind not in self._warned:
            self._warned.add(kind)
            log.warning("astro-runtime: the update document %s; keeping the last valid document", problem)
