"""`_AIRFLOW_DB_MIGRATE` on a real PostgreSQL and SQLite, and signals while the start prepares."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.process.make_run import until
from tests.process.preparing import (
    AIRFLOWS,
    MIGRATES,
    NOTHING_TO_DO,
    PUT_BACK,
    SAY_STARTED,
    VERSION_TABLES,
    WAITING,
    WITHOUT_USERS,
    alive,
    at,
    children,
    lock_held,
    read_until,
    revisions,
    user,
)
from tests.process.start import CHECKOUT, ENTRYPOINT, begin, environment, start
from tests.servers import Postgres

IS_AWAITED = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = {} AND NOT granted"


def test_one_replica_of_six_migrates_and_all_start(server: Postgres, migrated: str) -> None:
    for table in VERSION_TABLES:
        assert server.sql(migrated, f"SELECT count(*) FROM {table}") == [(1,)]


def test_what_is_behind_is_migrated(server: Postgres, migrated: str, tmp_path: Path) -> None:
    url = server.create("behind", migrated)
    server.sql("behind", PUT_BACK)
    done = start(tmp_path, "true", environ={**at(url), "_AIRFLOW_DB_MIGRATE": "true"})
    assert (done.returncode, done.stderr.count(MIGRATES)) == (0, 1)
    assert revisions(server, "behind") == revisions(server, migrated)


def test_the_deprecated_name_migrates_and_says_so(server: Postgres, migrated: str, tmp_path: Path) -> None:
    told = {**at(server.url(migrated)), "_AIRFLOW_DB_UPGRADE": "true"}
    done = start(tmp_path, *SAY_STARTED, environ=told)
    assert (done.returncode, done.stdout) == (0, "started\n")
    assert "astro-runtime: _AIRFLOW_DB_UPGRADE is deprecated; use _AIRFLOW_DB_MIGRATE\n" in done.stderr
    assert NOTHING_TO_DO in done.stderr


def test_a_revision_that_airflow_does_not_know_stops_the_start(
    server: Postgres, migrated: str, tmp_path: Path
) -> None:
    url = server.create("of_the_future", migrated)
    server.sql("of_the_future", "UPDATE alembic_version SET version_num = 'ffffffffffff'")
    done = start(tmp_path, *SAY_STARTED, environ={**at(url), "_AIRFLOW_DB_MIGRATE": "true"})
    assert (done.returncode, done.stdout) == (1, "")
    assert "Can't locate revision identified by 'ffffffffffff'" in done.stderr
    assert done.stderr.endswith(
        "astro-runtime: the migration of the metadata database ended with exit code 1; Airflow's own words stand"
        " above. Nothing is started\n"
    )


def test_a_database_user_who_may_not_create_tables_stops_the_start(server: Postgres, tmp_path: Path) -> None:
    server.create("not_theirs")
    server.sql("postgres", "CREATE ROLE guest LOGIN")
    told = {**at(server.url("not_theirs", "guest")), "_AIRFLOW_DB_MIGRATE": "true"}
    done = start(tmp_path, *SAY_STARTED, environ=told)
    assert (done.returncode, done.stdout) == (1, "")
    assert "permission denied for schema public" in done.stderr
    assert "Nothing is started" in done.stderr


def test_a_probe_and_a_task_prepare_nothing(server: Postgres, tmp_path: Path) -> None:
    told = {**at(server.create("untouched")), "_AIRFLOW_DB_MIGRATE": "true", **user()}
    done = start(tmp_path, "airflow", "jobs", "--help", environ=told)
    assert done.returncode == 0
    assert server.sql("untouched", "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]


def test_sqlite_migrates_once_and_an_auth_manager_may_have_no_user_to_create(tmp_path: Path) -> None:
    told = {
        "_AIRFLOW_DB_MIGRATE": "true",
        "_AIRFLOW_WWW_USER_CREATE": "true",
        "_AIRFLOW_WWW_USER_PASSWORD": "x",
        "AIRFLOW__CORE__AUTH_MANAGER": WITHOUT_USERS,
    }
    replicas = [begin(tmp_path, *SAY_STARTED, environ=told) for _ in range(2)]
    ends = [replica.communicate(timeout=120) for replica in replicas]
    assert [replica.returncode for replica in replicas] == [0, 0], ends
    assert sum(err.count(MIGRATES) for _, err in ends) == 1
    assert sum(err.count(NOTHING_TO_DO) for _, err in ends) == 1
    for _, err in ends:
        assert err.count(f"astro-runtime: no user is created: {WITHOUT_USERS} keeps no users") == 1
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["airflow.db"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_while_it_prepares_ends_it_and_its_child(
    server: Postgres, migrated: str, tmp_path: Path, number: signal.Signals
) -> None:
    with lock_held(server, migrated):
        told = {**at(server.url(migrated)), "_AIRFLOW_DB_MIGRATE": "true"}
        process = begin(tmp_path, *SAY_STARTED, environ=told)
        read_until(process, WAITING)
        (child,) = children(process.pid)
        process.send_signal(number)
        out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (-number, "")
    assert not alive(child)


def test_a_signal_ends_a_migration_that_runs(server: Postgres, migrated: str, tmp_path: Path) -> None:
    """It runs, and gets no further: Airflow, too, has a lock for migrations, and someone else holds it."""
    told = {**at(server.create("half_way", migrated)), "_AIRFLOW_DB_MIGRATE": "true"}
    server.sql("half_way", PUT_BACK)
    with lock_held(server, "half_way", AIRFLOWS):
        process = begin(tmp_path, *SAY_STARTED, environ=told)
        (child,) = until(lambda: children(process.pid))
        until(lambda: server.sql("half_way", IS_AWAITED.format(AIRFLOWS)) == [(1,)])
        process.terminate()
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, MIGRATES in err) == (-signal.SIGTERM, "", True)
    assert not alive(child)
    assert start(tmp_path, "true", environ=told).stderr.count(MIGRATES) == 1  # nothing has been left locked


def test_as_pid_1_a_signal_ends_it_with_the_shell_s_exit_code(
    server: Postgres, migrated: str, tmp_path: Path
) -> None:
    told = environment(tmp_path, {**at(server.url(migrated)), "_AIRFLOW_DB_MIGRATE": "true"})
    words = ["unshare", "--pid", "--fork", *ENTRYPOINT, *SAY_STARTED]
    with (
        lock_held(server, migrated),
        subprocess.Popen(words, env=told, cwd=CHECKOUT, stderr=subprocess.PIPE, text=True) as unshare,
    ):
        read_until(unshare, WAITING)
        (first,) = children(unshare.pid)
        os.kill(first, signal.SIGTERM)
        assert unshare.wait(60) == 128 + signal.SIGTERM
