"""A process that reads the task's log as the web server does, on another machine: no log file is here.

It answers each line on stdin, a request as JSON, with a line of JSON. `open` reads what the page shows first;
`follow` waits for a text, asking as fast as an answer comes.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

PORT = "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT"
PAUSE, MAX_SECONDS = 0.05, 60.0


class Page:
    """The log of the only task instance, as its page gets it."""

    def __init__(self, session: Any) -> None:
        from airflow.models.taskinstance import TaskInstance
        from airflow.utils.log.log_reader import TaskLogReader

        self._task = session.query(TaskInstance).one()
        self._reader = TaskLogReader()

    def read(self, metadata: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Return the text of one answer, and the metadata for the next."""
        logs, metadata = self._reader.read_log_chunks(self._task, 1, metadata)
        if isinstance(logs, list):  # Airflow 2: a list for each try, of texts with their hosts
            metadata = metadata[0] if isinstance(metadata, list) else metadata
            return "\n".join(text for each in logs for _, text in each), metadata
        return "\n".join([line.model_dump_json() for line in logs]), metadata

    def open(self, last: str, **_: Any) -> dict[str, Any]:
        """Return the seconds, the growth of the memory's peak in bytes, and whether the `last` line is there."""
        before, started = _reset_peak(), time.monotonic()
        text, _metadata = self.read({"download_logs": False})
        seconds = time.monotonic() - started
        lines = text.count("\n") + 1
        return {
            "seconds": seconds,
            "memory": _memory("VmHWM") - before,
            "has_end": last in text,
            "lines": lines,
        }

    def follow(self, last: str, **_: Any) -> dict[str, Any]:
        """Return the time at which a text was there."""
        text, metadata = self.read({"download_logs": False})
        deadline = time.monotonic() + MAX_SECONDS
        while last not in text:
            assert time.monotonic() < deadline, text
            time.sleep(PAUSE)
            text, metadata = self.read(dict(metadata))
        return {"time": time.time()}


def _memory(name: str) -> int:
    words = Path("/proc/self/status").read_text().split()
    return int(words[words.index(f"{name}:") + 1]) * 1024


def _reset_peak() -> int:
    """Forget the peak of the memory; return what is in use, in bytes."""
    Path("/proc/self/clear_refs").write_text("5")
    return _memory("VmRSS")


def main() -> None:
    """Answer requests until stdin ends."""
    output, sys.stdout = sys.stdout, sys.stderr  # what Airflow prints is no answer
    from airflow import settings
    from sqlalchemy.orm import Session

    with Session(settings.engine) as session:  # not the thread's, which Airflow closes after each use
        page = Page(session)
        print("ready", file=output, flush=True)
        for line in sys.stdin:
            request = json.loads(line)
            os.environ[PORT] = str(request["port"])
            print(json.dumps(getattr(page, request["do"])(**request)), file=output, flush=True)


if __name__ == "__main__":
    main()
