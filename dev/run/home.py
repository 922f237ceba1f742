"""AIRFLOW_HOME: created, locked against a second `make run`, and written to privately."""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from pathlib import Path
from typing import IO

from entrypoint.errors import UNAVAILABLE, StartError

DAGS = "dags"
LOGS = "logs/runtime"
LOCK = ".make-run.lock"
EXAMPLE = "make run AIRFLOW_HOME=/some/where"
WEBSERVER_PID = "airflow-webserver.pid"


def lock_home(home: Path) -> IO[str]:
    """Create the folder `home` and lock it until the returned file is closed.

    Raises StartError if `home` cannot be written, or if another `make run` holds the lock.
    """
    try:
        for folder in (home / DAGS, home / LOGS):
            folder.mkdir(parents=True, exist_ok=True)
        lock = open(home / LOCK, "a+")  # noqa: SIM115 (the lock lasts as long as the file is open)
    except OSError as error:
        raise StartError(
            f"AIRFLOW_HOME holds {str(home)!r}; it must be a folder that can be written ({error.strerror}),"
            f" as in: {EXAMPLE}"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.seek(0)
        raise StartError(
            f"another `make run` (process {lock.read().strip()}) is using AIRFLOW_HOME {home};"
            f" stop it first, or give this one its own: {EXAMPLE}",
            UNAVAILABLE,
        ) from error
    lock.truncate(0)
    print(os.getpid(), file=lock, flush=True)
    # Left by a run that was killed: Gunicorn does not start if another process has that number by now.
    (home / WEBSERVER_PID).unlink(missing_ok=True)
    return lock


def write_private(path: Path, text: str) -> None:
    """Write `text` to `path` atomically, readable by its owner only."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        new = Path(folder, path.name)
        new.touch(0o600)
        new.write_text(text)
        new.replace(path)


def read_json(path: Path) -> dict[str, str]:
    """Return the content of the file, empty if there is none. Raises StartError if it cannot be read."""
    try:
        return dict(json.loads(path.read_text().strip() or "{}"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise StartError(
            f"{path} cannot be read ({error}); repair it, or remove it to have a new one written"
        ) from error
