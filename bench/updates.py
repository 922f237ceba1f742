"""What the largest update document costs: once per document and day, and for each page (`make bench-updates`)."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import create_engine

from bench import page
from bench.termination import exit_on_sigterm
from dev.docs import markdown

URL = "https://example.com/updates.json"
TODAY = date(2026, 11, 26)
ROUNDS = 50
ONCE_MS, PAGE_MS = 1000, 50
TITLE = "What the largest update document costs"
METHOD = (
    "Measured by `make bench-updates`: the processor time of the notices for a page of the web server, with an update"
    " document of the largest size in a SQLite database. All of its releases are pairs of majors with long-term support"
    " flags, which once made the work of each page quadratic."
)


def largest_document() -> str:
    """Return a document with as many releases and as many bytes as are allowed."""
    from astro_runtime_plugin.updates.document import MAX_RELEASES
    from astro_runtime_plugin.updates.fetch import MAX_BYTES
    from testing.update_documents import long_document

    spare = MAX_BYTES // MAX_RELEASES - len(long_document(MAX_RELEASES)) // MAX_RELEASES - 60
    return long_document(MAX_RELEASES, yankedReason="x" * spare)


def milliseconds(work: Callable[[], Any]) -> float:
    """Return the processor time that `work` takes, which a busy machine does not change much."""
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1000


def measure() -> tuple[int, float, float]:
    """Return the document's size in bytes, and the milliseconds of the first page and of each later one."""
    from airflow import settings

    from astro_runtime_plugin.notices.service import notices_on
    from astro_runtime_plugin.updates import store
    from astro_runtime_plugin.updates.fetch import FetchedDocument

    with tempfile.TemporaryDirectory() as folder:
        settings.engine = create_engine(f"sqlite:///{Path(folder)}/airflow.db", future=True)
        text = largest_document()
        store.save_document(URL, FetchedDocument(text, None), time.time())
        first = milliseconds(lambda: notices_on("20.0.0", (), TODAY))
        pages = [milliseconds(lambda: notices_on("20.0.0", (), TODAY)) for _ in range(ROUNDS)]
        settings.engine.dispose()
    return len(text.encode()), first, median(pages)


def main() -> None:
    """Measure, and write the section of the page."""
    os.environ["AIRFLOW__ASTRO_RUNTIME__UPDATE_URL"] = URL
    size, first, each = measure()
    rows = [
        (
            "the first page after the document or the day has changed",
            page.mark(f"{first:.0f} ms", first <= ONCE_MS),
            f"at most {ONCE_MS} ms",
        ),
        ("each later page", page.mark(f"{each:.1f} ms", each <= PAGE_MS), f"at most {PAGE_MS} ms"),
    ]
    table = markdown.table(("notices", "processor time", "limit"), rows)
    page.write_section(
        TITLE, f"{METHOD} The document has {size / 2**20:.1f} MiB. {page.machine()}.\n\n{table}"
    )


if __name__ == "__main__":
    exit_on_sigterm()
    main()
