"""A process that writes a log as a task does: it registers it, appends lines without a buffer, and ends.

It prints `begun` when it has registered the log, and `ended True` when all of it is in the store in time. Options:
`lines=N`, `bytes=N` of each line, `pause=SECONDS` between two, `hold` to wait for a line on stdin before the end,
`wait=SECONDS` for the store at the end (300), `name=TEXT` that each line begins with.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.shipping.records import TaskIdentity
from astro_runtime_plugin.task_logs.shipping.writer import LogWriter

IDENTITY = TaskIdentity(dag_id="dag", run_id="run", task_id="task", try_number=1)


def lines(count: int, size: int = 40, name: str = "line") -> bytes:
    """Return what a writer of so many lines writes."""
    return b"".join(line(name, number, size) for number in range(count))


def line(name: str, number: int, size: int) -> bytes:
    return f"{name} {number} ".encode().ljust(size - 1, b".") + b"\n"


def main() -> None:
    folder, url, conn_id, path, *words = sys.argv[1:]
    options = dict(word.partition("=")[::2] for word in words)
    writer = LogWriter(TaskLogSettings(url=url, conn_id=conn_id), folder)
    writer.begin(path, IDENTITY)
    print("begun", flush=True)
    size, pause = int(options.get("bytes", 40)), float(options.get("pause", 0))
    with open(Path(folder, path), "ab", buffering=0) as file:
        for number in range(int(options.get("lines", 1000))):
            file.write(line(options.get("name", "line"), number, size))
            writer.ensure_shipper()
            if pause:
                time.sleep(pause)
        if "hold" in options:
            print("written", flush=True)
            sys.stdin.readline()
    print("ended", writer.end(path, float(options.get("wait", 300))), flush=True)


if __name__ == "__main__":
    main()
