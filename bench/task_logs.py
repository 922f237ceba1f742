"""What shipping a task's log costs: processor time, requests to the store and lag (`make bench-task-logs`).

A real shipper sends the log of one task to a real S3 server on the same machine.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import BinaryIO

import psutil  # type: ignore[import-untyped]

from astro_runtime_plugin.task_logs.reading import reader
from astro_runtime_plugin.task_logs.stores.store import LogStore
from bench import page
from dev.docs import markdown
from testing.s3_server import BUCKET, s3_server
from testing.task_logs import Machine, machine
from testing.waiting import wait_until

TITLE = "What shipping task logs costs"
METHOD = (
    "Measured by `make bench-task-logs`: one task, lines of 100 bytes for 20 s at each rate, SeaweedFS as S3 on the"
    " same machine. The processor time is the shipper's, as a share of one core; the lag is from the write of a line to"
    " its first sight in the store."
)
SECONDS = 20.0
SETTLE_SECONDS = 3.0  # until the shipper's status has been published
STEP_SECONDS = 0.01
LINE = b"x" * 99 + b"\n"
RATES = (0, 10, 1000, 10000)
LAGS = 10
MAX_SHARE = "at most 2 %"
PATH = "dag_id=d/run_id=r/task_id=t/attempt=1.log"


def write(file: BinaryIO, rate: int, seconds: float) -> None:
    """Write so many lines a second."""
    started, written = time.monotonic(), 0
    while (passed := time.monotonic() - started) < seconds:
        due = int(passed * rate) - written
        file.write(LINE * due)
        written += due
        time.sleep(STEP_SECONDS)


def measure(shipping: Machine, process: psutil.Process, work: Callable[[], None]) -> tuple[float, float]:
    """Return the share of a core that the shipper took during `work`, and its requests a minute."""
    requests, before, started = shipping.status.requests, process.cpu_times(), time.monotonic()
    work()
    after, passed = process.cpu_times(), time.monotonic() - started
    time.sleep(SETTLE_SECONDS)
    share = (after.user + after.system - before.user - before.system) / passed
    return share, (shipping.status.requests - requests) * 60 / passed


def lag(file: BinaryIO, store: LogStore) -> float:
    """Return the seconds from the write of a line to its first sight in the store."""
    size = reader.log_size(store, PATH) + len(LINE)
    started = time.monotonic()
    file.write(LINE)
    wait_until(lambda: reader.log_size(store, PATH) >= size, pause=0.01)
    return time.monotonic() - started


def main() -> None:
    """Measure, and write the section of the page."""
    rows = []
    with s3_server() as server, tempfile.TemporaryDirectory() as home:
        url = f"s3://{BUCKET}/bench"
        store = server.store(url)
        with machine(Path(home), url, server.environ()) as shipping:
            shipper = shipping.ship()
            with shipping.file(PATH).open("ab", buffering=0) as file:
                shipping.spool.register(PATH)
                lag(file, store)
                process = psutil.Process(shipper.process.pid)
                for rate in RATES:
                    share, requests = measure(shipping, process, lambda rate=rate: write(file, rate, SECONDS))  # type: ignore[misc]
                    rows.append((f"{rate:,}", f"{share:.1%}", f"{requests:.0f}"))
                lags = [lag(file, store) for _ in range(LAGS)]
                memory = process.memory_info().rss / 2**20
    table = markdown.table(("lines a second", "processor time", "requests a minute"), rows)
    text = (
        f"{METHOD} {page.machine()}.\n\n{table}\n\nThe limit is {MAX_SHARE} at 10,000 lines a second. The lag is"
        f" {median(lags):.2f} s in the median of {LAGS}, and {max(lags):.2f} s at most. The shipper has"
        f" {memory:.0f} MiB of memory."
    )
    page.write_section(TITLE, text)


if __name__ == "__main__":
    main()
