"""What the tests of migration and first user share: what the log says, and how to look into a start that runs."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from astro_runtime_plugin.database.lock import KEY
from testing.installed_line import LINE
from testing.servers import Postgres

MIGRATES = "Performing upgrade to the metadata database"
NOTHING_TO_DO = "astro-runtime: the metadata database is up to date: nothing to migrate\n"
WAITING = "astro-runtime: waiting: another process prepares the metadata database\n"
ALREADY_THERE = {"3.3": "admin already exists in the db", "2.11": "admin already exist in the db"}[LINE]
FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
WITHOUT_USERS = {
    "3.3": "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager",
    "2.11": "airflow.auth.managers.base_auth_manager.BaseAuthManager",  # FAB's is the only one that it has
}[LINE]
VERSION_TABLES = {"3.3": ("alembic_version", "alembic_version_fab"), "2.11": ("alembic_version",)}[LINE]
# Leaves a migration pending. On 3.3 that of a provider's tables; 2.11 has no such, so the newest of Airflow's own.
PUT_BACK = {
    "3.3": """
        DO $$ DECLARE name text; BEGIN
            FOR name IN SELECT tablename FROM pg_tables WHERE tablename ~ '^(ab_|alembic_version_fab)'
            LOOP EXECUTE format('DROP TABLE %I CASCADE', name); END LOOP;
        END $$""",
    "2.11": """
        ALTER TABLE dag_schedule_dataset_alias_reference
            RENAME CONSTRAINT dsdar_dataset_alias_fkey TO dsdar_dataset_fkey;
        UPDATE alembic_version SET version_num = '22ed7efa9da2' WHERE version_num = '5f2621c13b39'""",
}[LINE]
AIRFLOWS = 1  # `airflow.utils.db.DBLocks.MIGRATIONS`
SAY_STARTED = ("bash", "-c", "echo started")


def at(url: str) -> dict[str, str]:
    return {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url}


def user(password: str = "", **more: str) -> dict[str, str]:
    told = {"_AIRFLOW_WWW_USER_CREATE": "true", "AIRFLOW__CORE__AUTH_MANAGER": FAB, **more}
    return {**told, "_AIRFLOW_WWW_USER_PASSWORD": password} if password else told


def revisions(server: Postgres, database: str) -> list[str]:
    """Return the revision that each of VERSION_TABLES is at."""
    return [server.sql(database, f"SELECT version_num FROM {table}")[0][0] for table in VERSION_TABLES]


@contextlib.contextmanager
def lock_held(server: Postgres, database: str, key: int = KEY) -> Iterator[None]:
    """Be the replica that is preparing the database; AIRFLOWS is the lock of an Airflow that migrates it."""
    with contextlib.closing(server.connect(database)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", (key,))
        yield


def read_until(process: subprocess.Popen[str], text: str) -> str:
    assert process.stderr
    read = ""
    while text not in read:
        line = process.stderr.readline()
        assert line, read
        read += line
    return read


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


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
                    pids += children(pid)
            time.sleep(0.02)

    watcher = threading.Thread(target=watch)
    watcher.start()
    out, err = process.communicate(timeout=120)
    watcher.join()
    return out, err, seen
