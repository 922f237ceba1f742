"""The thread of a scheduler that fetches the update document once a day, where no other scheduler has.

It looks about every hour whether the document is due. So a failure is tried again an hour later, and a scheduler that
starts every few minutes, or one of many, fetches no more often than one alone.
"""

from __future__ import annotations

import logging
import random
import time

from sqlalchemy.exc import SQLAlchemyError

from astro_runtime_plugin.background import StoppableWait
from astro_runtime_plugin.database import state
from astro_runtime_plugin.updates import address, document, store
from astro_runtime_plugin.updates.fetch import FetchedDocument, FetchError, fetch

log = logging.getLogger("astro_runtime")

DAY_SECONDS = 24 * 60 * 60.0
RETRY_SECONDS = 60 * 60.0  # between two tries, whichever scheduler they are
MAX_FIRST_DELAY = 10.0  # the longest that a scheduler runs before its first look
JITTER = 0.2  # of a pause, so that installations that started together do not ask together
TURN = "update turn"


class DailyCheck:
    """Keeps the stored document of `url` no older than a day; each kind of failure is said once, until a success.

    `again` is in seconds: how long after a try the next one may be.
    """

    def __init__(self, url: str, day: float = DAY_SECONDS, again: float = RETRY_SECONDS) -> None:
        self.url = url
        self._day = day
        self._again = again
        self._warned: set[str] = set()

    def run(self, rest: StoppableWait) -> None:
        """Look until the process ends."""
        rest(random.uniform(0, MAX_FIRST_DELAY))  # noqa: S311 - no secret
        while True:
            self.check()
            rest(self._again * random.uniform(1, 1 + JITTER))  # noqa: S311

    def check(self) -> None:
        """Fetch the document, if it is due and the turn is this process's."""
        try:
            if self._is_fresh() or self._fetch():
                self._warned.clear()
        except (FetchError, document.DocumentError) as error:
            self._warn(error.kind, f"{address.without_secrets(self.url)} {error}")
        except SQLAlchemyError as error:  # its text holds what was to be written
            self._warn(
                "database", f"{address.without_secrets(self.url)} cannot be stored: {type(error).__name__}"
            )
        except Exception as error:
            self._warn(
                "error", f"{address.without_secrets(self.url)} cannot be fetched: {type(error).__name__}"
            )

    def _is_fresh(self) -> bool:
        """Whether some scheduler has found the document good within a day; one of tomorrow is a clock's mistake."""
        last = store.stored_document(self.url)
        return last is not None and 0 <= time.time() - last.checked < self._day

    def _fetch(self) -> bool:
        """Return whether there is a good document now; False where it is another scheduler's turn."""
        if not state.take_turn(TURN, store.source(self.url), self._again):
            return False
        last = store.stored_document(self.url)
        fetched = fetch(self.url, last.etag if last else None)
        if fetched:
            self._keep(fetched)
        elif last:
            store.confirm(last, time.time())
        return True

    def _keep(self, fetched: FetchedDocument) -> None:
        releases = document.parse(fetched.text)
        store.keep(self.url, fetched, time.time())
        log.info("The update document %s lists %d releases", address.without_secrets(self.url), len(releases))

    def _warn(self, kind: str, text: str) -> None:
        if kind not in self._warned:
            self._warned.add(kind)
            log.warning("astro-runtime: the update document %s; the last good one stays", text)
