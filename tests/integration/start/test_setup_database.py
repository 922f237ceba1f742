"""`_AIRFLOW_DB_MIGRATE` on a real PostgreSQL and SQLite, and signals during the set-up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from testing.database_setup import (
    AIRFLOW_LOCK,
    AUTH_MANAGER_WITHOUT_USERS,
    DOWNGRADE,
    MIGRATION_LINE,
    PRINT_STARTED,
    UP_TO_DATE_LINE,
    VERSION_TABLES,
    WAITING_LINE,
    alive,
    child_pids,
    database_environ,
    first_user_environ,
    hold_lock,
    revisions,
)
from testing.entrypoint_process import CHECKOUT, ENTRYPOINT, begin, environment, start
from testing.servers import Postgres
from testing.waiting import read_until, wait_until

LOCK_WAITERS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = {} AND NOT granted"


def test_one_of_six_replicas_migrates_and_all_start(
    server: Postgres, replicas: list[subprocess.CompletedProcess[str]]
) -> None:
    logs = [replica.stderr for replica in replicas]
    assert [(replica.returncode, replica.stdout) for replica in replicas] == [(0, "started\n")] * 6, logs
    assert sorted(log.count(MIGRATION_LINE) for log in logs) == [0, 0, 0, 0, 0, 1], logs
    assert sorted(log.count(UP_TO_DATE_LINE) for log in logs) == [0, 1, 1, 1, 1, 1], logs
    assert not any(MIGRATION_LINE in log and UP_TO_DATE_LINE in log for log in logs)
    assert any(WAITING_LINE in log for log in logs), logs
    for table in VERSION_TABLES:
        assert server.sql("migrated", f"SELECT count(*) FROM {table}") == [(1,)]


def test_migrated_database_is_up_to_date_for_airflow(migrated: str, server: Postgres, tmp_path: Path) -> None:
    words = ("airflow", "db", "check-migrations", "--migration-wait-timeout", "0")
    result = start(tmp_path, *words, environ=database_environ(server.url(migrated)))
    assert result.returncode == 0, result.stderr


def test_outdated_database_is_migrated(server: Postgres, migrated: str, tmp_path: Path) -> None:
    url = server.create("behind", migrated)
    server.sql("behind", DOWNGRADE)
    result = start(tmp_path, "true", environ={**database_environ(url), "_AIRFLOW_DB_MIGRATE": "true"})
    assert (result.returncode, result.stderr.count(MIGRATION_LINE)) == (0, 1)
    assert revisions(server, "behind") == revisions(server, migrated)


def test_deprecated_variable_migrates_with_warning(server: Postgres, migrated: str, tmp_path: Path) -> None:
    environ = {**database_environ(server.url(migrated)), "_AIRFLOW_DB_UPGRADE": "true"}
    result = start(tmp_path, *PRINT_STARTED, environ=environ)
    assert (result.returncode, result.stdout) == (0, "started\n")
    assert "astro-runtime: _AIRFLOW_DB_UPGRADE is deprecated; use _AIRFLOW_DB_MIGRATE\n" in result.stderr
    assert UP_TO_DATE_LINE in result.stderr


def test_unknown_revision_stops_start(server: Postgres, migrated: str, tmp_path: Path) -> None:
    url = server.create("of_the_future", migrated)
    server.sql("of_the_future", "UPDATE alembic_version SET version_num = 'ffffffffffff'")
    result = start(tmp_path, *PRINT_STARTED, environ={**database_environ(url), "_AIRFLOW_DB_MIGRATE": "true"})
    assert (result.returncode, result.stdout) == (1, "")
    assert "Can't locate revision identified by 'ffffffffffff'" in result.stderr
    assert result.stderr.endswith(
        "astro-runtime: Database migration failed (exit code 1); see Airflow's output above\n"
    )


def test_missing_database_permission_stops_start(server: Postgres, tmp_path: Path) -> None:
    server.create("not_theirs")
    server.sql("postgres", "CREATE ROLE guest LOGIN")
    environ = {**database_environ(server.url("not_theirs", "guest")), "_AIRFLOW_DB_MIGRATE": "true"}
    result = start(tmp_path, *PRINT_STARTED, environ=environ)
    assert (result.returncode, result.stdout) == (1, "")
    assert "permission denied for schema public" in result.stderr
    assert "Database migration failed (exit code 1)" in result.stderr


def test_probe_does_not_set_up_database(server: Postgres, tmp_path: Path) -> None:
    environ = {
        **database_environ(server.create("untouched")),
        "_AIRFLOW_DB_MIGRATE": "true",
        **first_user_environ(),
    }
    result = start(tmp_path, "airflow", "jobs", "--help", environ=environ)
    assert result.returncode == 0
    assert server.sql("untouched", "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]


def test_sqlite_migrates_once_without_user_for_auth_manager_without_users(tmp_path: Path) -> None:
    environ = {
        "_AIRFLOW_DB_MIGRATE": "true",
        "_AIRFLOW_WWW_USER_CREATE": "true",
        "_AIRFLOW_WWW_USER_PASSWORD": "x",
        "AIRFLOW__CORE__AUTH_MANAGER": AUTH_MANAGER_WITHOUT_USERS,
    }
    replicas = [begin(tmp_path, *PRINT_STARTED, environ=environ) for _ in range(2)]
    outputs = [replica.communicate(timeout=300) for replica in replicas]
    assert [replica.returncode for replica in replicas] == [0, 0], outputs
    assert sum(err.count(MIGRATION_LINE) for _, err in outputs) == 1
    assert sum(err.count(UP_TO_DATE_LINE) for _, err in outputs) == 1
    for _, err in outputs:
        assert (
            err.count(f"astro-runtime: no user is created: {AUTH_MANAGER_WITHOUT_USERS} keeps no users") == 1
        )
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["airflow.db"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_during_setup_ends_start_and_child(
    server: Postgres, migrated: str, tmp_path: Path, number: signal.Signals
) -> None:
    with hold_lock(server, migrated):
        environ = {**database_environ(server.url(migrated)), "_AIRFLOW_DB_MIGRATE": "true"}
        process = begin(tmp_path, *PRINT_STARTED, environ=environ)
        read_until(process.stderr, WAITING_LINE)
        (child,) = child_pids(process.pid)
        process.send_signal(number)
        out, _ = process.communicate(timeout=300)
    assert (process.returncode, out) == (-number, "")
    assert not alive(child)


def test_lock_that_is_never_released_ends_the_step_with_a_code_to_try_again(
    server: Postgres, migrated: str, tmp_path: Path
) -> None:
    code = (
        "import sys; from astro_runtime_plugin.database import lock, setup; lock.WAIT_SECONDS = 1;"
        " sys.exit(setup.main('migrate'))"
    )
    with hold_lock(server, migrated):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment(tmp_path, database_environ(server.url(migrated))),
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 75, done.stderr
    assert WAITING_LINE in done.stderr
    assert done.stderr.endswith("another process has held the metadata database for 1 s; giving up\n")


def test_signal_ends_running_migration(server: Postgres, migrated: str, tmp_path: Path) -> None:
    """The migration hangs, because the test holds Airflow's lock for migrations."""
    environ = {**database_environ(server.create("half_way", migrated)), "_AIRFLOW_DB_MIGRATE": "true"}
    server.sql("half_way", DOWNGRADE)
    with hold_lock(server, "half_way", AIRFLOW_LOCK):
        process = begin(tmp_path, *PRINT_STARTED, environ=environ)
        (child,) = wait_until(lambda: child_pids(process.pid))
        wait_until(lambda: server.sql("half_way", LOCK_WAITERS.format(AIRFLOW_LOCK)) == [(1,)])
        process.terminate()
        out, err = process.communicate(timeout=300)
    assert (process.returncode, out, MIGRATION_LINE in err) == (-signal.SIGTERM, "", True)
    assert not alive(child)
    # No lock is left behind.
    assert start(tmp_path, "true", environ=environ).stderr.count(MIGRATION_LINE) == 1


def test_signal_as_pid_1_exits_with_shell_code(server: Postgres, migrated: str, tmp_path: Path) -> None:
    environ = environment(tmp_path, {**database_environ(server.url(migrated)), "_AIRFLOW_DB_MIGRATE": "true"})
    words = ["unshare", "--pid", "--fork", *ENTRYPOINT, *PRINT_STARTED]
    with (
        hold_lock(server, migrated),
        subprocess.Popen(words, env=environ, cwd=CHECKOUT, stderr=subprocess.PIPE, text=True) as unshare,
    ):
        read_until(unshare.stderr, WAITING_LINE)
        (pid_1,) = child_pids(unshare.pid)
        os.kill(pid_1, signal.SIGTERM)
        assert unshare.wait(300) == 128 + signal.SIGTERM
