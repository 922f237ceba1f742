"""Log lines, environments and observers for the tests of migration and first user."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from astro_runtime_plugin.database.lock import KEY
from testing.auth_managers import FAB, SIMPLE
from testing.installed_line import LINE
from testing.servers import Postgres

MIGRATION_LINE = "Performing upgrade to the metadata database"
UP_TO_DATE_LINE = "astro-runtime: the metadata database is up to date: nothing to migrate\n"
WAITING_LINE = "astro-runtime: waiting: another process prepares the metadata database\n"
USER_EXISTS = {"3.3": "admin already exists in the db", "2.11": "admin already exist in the db"}[LINE]
AUTH_MANAGER_WITHOUT_USERS = {
    "3.3": SIMPLE,
    "2.11": "airflow.auth.managers.base_auth_manager.BaseAuthManager",  # its only other one is FAB's
}[LINE]
VERSION_TABLES = {"3.3": ("alembic_version", "alembic_version_fab"), "2.11": ("alembic_version",)}[LINE]
# Makes a migration pending: on 3.3 that of a provider's tables, on 2.11, which has none, the newest of Airflow.
DOWNGRADE = {
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
AIRFLOW_LOCK = 1  # `airflow.utils.db.DBLocks.MIGRATIONS`
PRINT_STARTED = ("bash", "-c", "echo started")


def database_environ(url: str) -> dict[str, str]:
    return {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url}


def first_user_environ(password: str = "", **overrides: str) -> dict[str, str]:
    environ = {
        "_AIRFLOW_WWW_USER_CREATE": "true",
        "AIRFLOW__CORE__AUTH_MANAGER": FAB,
        **overrides,
    }
    return {**environ, "_AIRFLOW_WWW_USER_PASSWORD": password} if password else environ


def revisions(server: Postgres, database: str) -> list[str]:
    """Return the revision in each of VERSION_TABLES."""
    return [server.sql(database, f"SELECT version_num FROM {table}")[0][0] for table in VERSION_TABLES]


@contextlib.contextmanager
def hold_lock(server: Postgres, database: str, key: int = KEY) -> Iterator[None]:
    """Hold the lock of a replica that sets the database up, or AIRFLOW_LOCK, that of an Airflow that migrates it."""
    with contextlib.closing(server.connect(database)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", (key,))
        yield


def child_pids(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    """Whether the process runs; one that ended may still be a zombie until a container's PID 1 reaps it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def watch_to_end(process: subprocess.Popen[str]) -> tuple[str, str, set[str]]:
    """Wait for the process; return stdout, stderr and every command line that `ps` could have shown of it."""
    seen: set[str] = set()

    def watch() -> None:
        while process.poll() is None:
            seen.update(command_lines(process.pid))
            time.sleep(0.02)

    watcher = threading.Thread(target=watch)
    watcher.start()
    out, err = process.communicate(timeout=300)
    watcher.join()
    return out, err, seen


def command_lines(pid: int) -> set[str]:
    """Return the command lines of a process and of all that it has started."""
    pids, lines = [pid], set()
    for each in pids:
        with contextlib.suppress(OSError):
            lines.add(Path(f"/proc/{each}/cmdline").read_bytes().replace(b"\0", b" ").decode())
            pids += child_pids(each)
    return lines
