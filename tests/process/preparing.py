"""What the tests of migration and first user share: what the log says, and how to look into a start that runs."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from astro_runtime_plugin.lock import KEY
from tests.servers import Postgres

MIGRATES = "Performing upgrade to the metadata database"
NOTHING_TO_DO = "astro-runtime: the metadata database is up to date: nothing to migrate\n"
WAITING = "astro-runtime: waiting: another process prepares the metadata database\n"
FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
SAY_STARTED = ("bash", "-c", "echo started")


def at(url: str) -> dict[str, str]:
    return {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url}


def user(password: str = "", **more: str) -> dict[str, str]:
    told = {"_AIRFLOW_WWW_USER_CREATE": "true", "AIRFLOW__CORE__AUTH_MANAGER": FAB, **more}
    return {**told, "_AIRFLOW_WWW_USER_PASSWORD": password} if password else told


@contextlib.contextmanager
def lock_held(server: Postgres, database: str) -> Iterator[None]:
    """Be the replica that is preparing the database."""
    with contextlib.closing(server.connect(database)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", (KEY,))
        yield


def read_until(process: subprocess.Popen[str], text: str) -> str:
    assert process.stderr
    read = ""
    while text not in read:
        line = process.stderr.readline()
        assert line, read
        read += line
    return read


def alive(pid: int) -> bool:
    """Whether the process runs; one that has ended may still wait for a container's PID 1 to take notice."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def watched(process: subprocess.Popen[str]) -> tuple[str, str, set[str]]:
    """Run the process to its end; return stdout, stderr and every command line that `ps` could have shown of it."""
    seen: set[str] = set()

    def watch() -> None:
        while process.poll() is None:
            pids = [process.pid]
            for pid in pids:
                with contextlib.suppress(OSError):
                    proc = Path(f"/proc/{pid}")
                    seen.add((proc / "cmdline").read_bytes().replace(b"\0", b" ").decode())
                    pids += map(int, (proc / f"task/{pid}/children").read_text().split())
            time.sleep(0.02)

    watcher = threading.Thread(target=watch)
    watcher.start()
    out, err = process.communicate(timeout=120)
    watcher.join()
    return out, err, seen
