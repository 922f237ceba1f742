"""`_AIRFLOW_WWW_USER_CREATE` with the FAB auth manager on a real PostgreSQL: who, and where the password shows."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from werkzeug.security import check_password_hash

from testing.database_setup import ALREADY_THERE, SAY_STARTED, alive, at, user, watched
from testing.entrypoint_process import begin, start
from testing.servers import Postgres

PRINT_ENVIRON = ("python", "-c", "import json, os; print(json.dumps(dict(os.environ)))")


def test_the_first_user(server: Postgres, migrated: str, tmp_path: Path) -> None:
    told = {**at(server.create("with_user", migrated)), **user("pa ss'w\"ord")}
    process = begin(tmp_path, *PRINT_ENVIRON, environ=told)
    out, err, seen = watched(process)
    assert process.returncode == 0
    assert any("astro_runtime_plugin.database.setup user" in line for line in seen)
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
    assert ALREADY_THERE in again.stderr
    assert server.sql("with_user", "SELECT password FROM ab_user") == [(password,)]


def test_a_user_by_the_operator_s_words_and_a_command_for_the_password(
    server: Postgres, migrated: str, tmp_path: Path
) -> None:
    who = {
        "USERNAME": "otto",
        "FIRSTNAME": "Otto",
        "LASTNAME": "O",
        "EMAIL": "o@example.com",
        "ROLE": "Public",  # Airflow 2 makes the other roles when a webserver starts for the first time
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
    assert told == ["otto", "o@example.com", "Public"]
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


def test_a_signal_ends_what_a_password_command_has_started(
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
