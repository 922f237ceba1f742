"""AIRFLOW_HOME, where `make run` keeps everything: made, locked against a second run, and written to privately."""

from __future__ import annotations

import contextlib
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
ANOTHER = "make run AIRFLOW_HOME=/some/where"
WEBSERVER = "airflow-webserver.pid"


def claim(home: Path) -> IO[str]:
    """Make the folder `home`, and lock it for as long as the returned file stays open.

    Raises StartError where `home` cannot be written, or another `make run` has it.
    """
    try:
        for folder in (home / DAGS, home / LOGS):
            folder.mkdir(parents=True, exist_ok=True)
        lock = open(home / LOCK, "a+")  # noqa: SIM115  open is what keeps the lock
    except OSError as error:
        raise StartError(
            f"AIRFLOW_HOME holds {str(home)!r}; it must be a folder that can be written ({error.strerror}),"
            f" as in: {ANOTHER}"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StartError(_taken(home, lock), UNAVAILABLE) from error
    lock.truncate(0)
    print(os.getpid(), file=lock, flush=True)
    # An earlier run's, which was killed; Gunicorn would not start where another process has got that number.
    (home / WEBSERVER).unlink(missing_ok=True)
    return lock


def _taken(home: Path, lock: IO[str]) -> str:
    lock.seek(0)
    return (
        f"another `make run` (process {lock.read().strip()}) has AIRFLOW_HOME {home};"
        f" stop it first, or give this one its own: {ANOTHER}"
    )


def write_private(path: Path, text: str) -> None:
    """Write `text` to `path`, whole or not at all, readable by its owner only."""
    descriptor, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # made with mode 0600
    try:
        with open(descriptor, "w") as file:
            file.write(text)
        os.replace(unfinished, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(unfinished)
        raise


def read_json(path: Path) -> dict[str, str]:
    """Return what the file keeps, nothing where there is no file; raises StartError where it cannot be read."""
    try:
        held = path.read_text().strip()
        return dict(json.loads(held or "{}"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise StartError(
            f"{path} cannot be read ({error}); mend it, or remove it to have it made anew"
        ) from error
