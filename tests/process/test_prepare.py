"""`_AIRFLOW_DB_MIGRATE` and `_AIRFLOW_WWW_USER_CREATE`, against a real PostgreSQL and SQLite."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.security import check_password_hash

from astro_runtime_plugin.lock import KEY
from tests.process.start import CHECKOUT, ENTRYPOINT, begin, environment, start
from tests.servers import Postgres, postgres

MIGRATES = "Performing upgrade to the metadata database"
NOTHING_TO_DO = "astro-runtime: the metadata database is up to date: nothing to migrate\n"
WAITING = "astro-runtime: waiting: another process prepares the metadata database\n"
FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
SAY_STARTED = ("bash", "-c", "echo started")
PRINT_ENVIRON = ("python", "-c", "import json, os; print(json.dumps(dict(os.environ)))")
DROP_FAB = """
    DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT tablename FROM pg_tables WHERE tablename ~ '^(ab_|alembic_version_fab)'
        LOOP EXECUTE format('DROP TABLE %I CASCADE', name); END LOOP;
    END $$"""


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture(scope="module")
def migrated(server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database that six replicas have migrated: others are made as copies of it."""
    homes = [tmp_path_factory.mktemp("replica") for _ in range(6)]
    told = {**at(server.create("migrated")), "_AIRFLOW_DB_MIGRATE": "true"}
    replicas = [begin(home, *SAY_STARTED, environ=told) for home in homes]
    ends = [(replica.communicate(timeout=300), replica.returncode) for replica in replicas]
    assert [code for _, code in ends] == [0] * 6, "\n".join(err for (_, err), _ in ends)
    assert [out for (out, _), _ in ends] == ["started\n"] * 6
    assert sum(err.count(MIGRATES) for (_, err), _ in ends) == 1
    assert sum(err.count(NOTHING_TO_DO) for (_, err), _ in ends) == 5
    assert any(WAITING in err for (_, err), _ in ends)
    return "migrated"


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


def test_one_replica_of_six_migrates_and_all_start(server: Postgres, migrated: str) -> None:
    assert server.sql(migrated, "SELECT count(*) FROM alembic_version") == [(1,)]
    assert server.sql(migrated, "SELECT count(*) FROM alembic_version_fab") == [(1,)]


def test_a_provider_s_own_migration_is_pending_too(server: Postgres, migrated: str, tmp_path: Path) -> None:
    url = server.create("without_fab", migrated)
    server.sql("without_fab", DROP_FAB)
    done = start(tmp_path, "true", environ={**at(url), "_AIRFLOW_DB_MIGRATE": "true"})
    assert (done.returncode, done.stderr.count(MIGRATES)) == (0, 1)
    assert server.sql("without_fab", "SELECT count(*) FROM alembic_version_fab") == [(1,)]


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


def test_the_first_user(server: Postgres, migrated: str, tmp_path: Path) -> None:
    told = {**at(server.create("with_user", migrated)), **user("pa ss'w\"ord")}
    process = begin(tmp_path, *PRINT_ENVIRON, environ=told)
    out, err, seen = watched(process)
    assert process.returncode == 0
    assert any("astro_runtime_plugin.prepare user" in line for line in seen)
    for text in (out, err, *seen):
        assert "ss'w" not in text
    assert not {name for name in json.loads(out) if name.startswith("_AIRFLOW")}
    columns = "username, first_name, last_name, email, name, password"
    joined = "ab_user u JOIN ab_user_role ON u.id = user_id JOIN ab_role r ON r.id = role_id"
    ((*who, password),) = server.sql("with_user", f"SELECT {columns} FROM {joined}")
    assert who == ["admin", "Airflow", "Admin", "airflowadmin@example.com", "Admin"]
    assert check_password_hash(password, "pa ss'w\"ord")
    assert "ss'w" not in str(server.sql("with_user", "SELECT * FROM log"))

    again = start(tmp_path, *SAY_STARTED, environ={**told, "_AIRFLOW_WWW_USER_PASSWORD": "another"})
    assert (again.returncode, again.stdout) == (0, "started\n")
    assert "admin already exists in the db" in again.stderr
    assert server.sql("with_user", "SELECT password FROM ab_user") == [(password,)]


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


def test_a_user_by_the_operator_s_words_and_a_command_for_the_password(
    server: Postgres, migrated: str, tmp_path: Path
) -> None:
    who = {
        "USERNAME": "otto",
        "FIRSTNAME": "Otto",
        "LASTNAME": "O",
        "EMAIL": "o@example.com",
        "ROLE": "Viewer",
    }
    command = {
        "PASSWORD_CMD": 'read -r word <<< "hush-hush"; echo "$word"; sleep 0.5',
        "PASSWORD": "not this one",
    }
    variables = {f"_AIRFLOW_WWW_USER_{name}": text for name, text in {**who, **command}.items()}
    process = begin(tmp_path, "true", environ={**at(server.create("ottos", migrated)), **user(**variables)})
    _, err, seen = watched(process)
    assert process.returncode == 0, err
    assert "hush-hush" not in err + str(seen)
    joined = "ab_user u JOIN ab_user_role ON u.id = user_id JOIN ab_role r ON r.id = role_id"
    ((*told, password),) = server.sql("ottos", f"SELECT username, email, name, password FROM {joined}")
    assert told == ["otto", "o@example.com", "Viewer"]
    assert check_password_hash(password, "hush-hush")


def test_a_user_who_cannot_be_created_does_not_stop_the_start_nor_show_a_hash(
    server: Postgres, migrated: str, tmp_path: Path
) -> None:
    url = server.create("taken", migrated)
    server.sql(
        "taken",
        "INSERT INTO ab_user (id, first_name, last_name, username, email)"
        " VALUES (77, 'A', 'B', 'ann', 'airflowadmin@example.com')",
    )
    done = start(tmp_path, *SAY_STARTED, environ={**at(url), **user("not-so-secret")})
    assert (done.returncode, done.stdout) == (0, "started\n")
    assert (
        "astro-runtime: the user was not created (exit code 1); Airflow's own words stand above."
        in done.stderr
    )
    assert "duplicate key value" in done.stderr
    assert "scrypt:" not in done.stderr
    assert "not-so-secret" not in done.stderr


def test_no_password_stops_the_start_before_anything_is_done(tmp_path: Path) -> None:
    done = start(tmp_path, *SAY_STARTED, environ={**user(), "_AIRFLOW_DB_MIGRATE": "true"})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith(
        "astro-runtime: _AIRFLOW_WWW_USER_CREATE is set; _AIRFLOW_WWW_USER_PASSWORD or"
        " _AIRFLOW_WWW_USER_PASSWORD_CMD must be, too\n"
    )


def test_a_password_command_that_prints_nothing_stops_the_start(
    server: Postgres, migrated: str, tmp_path: Path
) -> None:
    told = {**at(server.url(migrated)), **user(_AIRFLOW_WWW_USER_PASSWORD_CMD="echo begun-but; exit 3")}
    done = start(tmp_path, *SAY_STARTED, environ=told)
    assert (done.returncode, done.stdout) == (1, "")
    assert (
        "_AIRFLOW_WWW_USER_PASSWORD_CMD has failed or printed nothing; it must print the password"
        in done.stderr
    )
    assert "begun-but" not in done.stderr


def test_sqlite_migrates_once_and_simple_auth_manager_has_no_user_to_create(tmp_path: Path) -> None:
    told = {
        "_AIRFLOW_DB_MIGRATE": "true",
        "_AIRFLOW_WWW_USER_CREATE": "true",
        "_AIRFLOW_WWW_USER_PASSWORD": "x",
    }
    replicas = [begin(tmp_path, *SAY_STARTED, environ=told) for _ in range(2)]
    ends = [replica.communicate(timeout=120) for replica in replicas]
    assert [replica.returncode for replica in replicas] == [0, 0], ends
    assert sum(err.count(MIGRATES) for _, err in ends) == 1
    assert sum(err.count(NOTHING_TO_DO) for _, err in ends) == 1
    for _, err in ends:
        assert err.count("astro-runtime: no user is created: airflow.api_fastapi.auth.managers.simple") == 1
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["airflow.db"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_while_it_prepares_ends_it_and_its_child(
    server: Postgres, migrated: str, tmp_path: Path, number: signal.Signals
) -> None:
    with lock_held(server, migrated):
        told = {**at(server.url(migrated)), "_AIRFLOW_DB_MIGRATE": "true"}
        process = begin(tmp_path, *SAY_STARTED, environ=told)
        read_until(process, WAITING)
        (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        process.send_signal(number)
        out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (-number, "")
    assert not alive(int(child))


def test_a_signal_ends_a_migration_that_runs_and_what_a_password_command_started(
    server: Postgres, migrated: str, tmp_path: Path
) -> None:
    told = {**at(server.url(migrated)), **user(_AIRFLOW_WWW_USER_PASSWORD_CMD="echo $$ >&2; sleep 300")}
    process = begin(tmp_path, *SAY_STARTED, environ=told)
    assert process.stderr
    shell = next(line for line in process.stderr if line.strip().isdecimal()).strip()
    process.terminate()
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (-signal.SIGTERM, "")
    assert not alive(int(shell))


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
        (first,) = Path(f"/proc/{unshare.pid}/task/{unshare.pid}/children").read_text().split()
        subprocess.run(["kill", "-TERM", first], check=True)
        assert unshare.wait(60) == 128 + signal.SIGTERM
