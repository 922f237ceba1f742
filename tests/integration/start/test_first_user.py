"""`_AIRFLOW_WWW_USER_CREATE` with the FAB auth manager on a real PostgreSQL, without leaking the password."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from werkzeug.security import check_password_hash

from testing.database_setup import (
    PRINT_STARTED,
    USER_EXISTS,
    alive,
    command_lines,
    database_environ,
    first_user_environ,
    hold_lock,
    watch_to_end,
)
from testing.entrypoint_process import begin, start
from testing.servers import Postgres
from testing.waiting import wait_until

USER_QUERY = """
    SELECT {columns} FROM ab_user u JOIN ab_user_role ON u.id = user_id JOIN ab_role r ON r.id = role_id"""
PRINT_ENVIRON = ("python", "-c", "import json, os; print(json.dumps(dict(os.environ)))")


def test_first_user_is_created_once(server: Postgres, migrated: str, tmp_path: Path) -> None:
    environ = {**database_environ(server.create("with_user", migrated)), **first_user_environ("pa ss'w\"ord")}
    step = "astro_runtime_plugin.database.setup user"
    with hold_lock(server, "with_user"):  # the step waits until it has been seen
        process = begin(tmp_path, *PRINT_ENVIRON, environ=environ)
        wait_until(
            lambda: any(step in line for line in command_lines(process.pid)),
            failed=lambda: process.poll() is not None,
        )
    out, err, lines = watch_to_end(process)
    assert process.returncode == 0
    for text in (out, err, *lines):
        assert "ss'w" not in text
    assert not {name for name in json.loads(out) if name.startswith("_AIRFLOW")}
    columns = "username, first_name, last_name, email, name, password"
    ((*user, password),) = server.sql("with_user", USER_QUERY.format(columns=columns))
    assert user == ["admin", "Airflow", "Admin", "airflowadmin@example.com", "Admin"]
    assert check_password_hash(password, "pa ss'w\"ord")
    assert "ss'w" not in str(server.sql("with_user", "SELECT * FROM log"))

    second = start(tmp_path, *PRINT_STARTED, environ={**environ, "_AIRFLOW_WWW_USER_PASSWORD": "another"})
    assert (second.returncode, second.stdout) == (0, "started\n")
    assert USER_EXISTS in second.stderr
    assert server.sql("with_user", "SELECT password FROM ab_user") == [(password,)]


def test_first_user_has_configured_fields_and_password_from_command(
    server: Postgres, migrated: str, tmp_path: Path
) -> None:
    fields = {
        "USERNAME": "otto",
        "FIRSTNAME": "Otto",
        "LASTNAME": "O",
        "EMAIL": "o@example.com",
        "ROLE": "Public",  # Airflow 2 creates the other roles when a webserver starts for the first time
    }
    command = {
        "PASSWORD_CMD": 'read -r word <<< "hush-hush"; echo "$word"; sleep 0.5',
        "PASSWORD": "not this one",
    }
    variables = {f"_AIRFLOW_WWW_USER_{name}": text for name, text in {**fields, **command}.items()}
    process = begin(
        tmp_path,
        "true",
        environ={**database_environ(server.create("ottos", migrated)), **first_user_environ(**variables)},
    )
    _, err, lines = watch_to_end(process)
    assert process.returncode == 0, err
    assert "hush-hush" not in err + str(lines)
    columns = "username, email, name, password"
    ((*user, password),) = server.sql("ottos", USER_QUERY.format(columns=columns))
    assert user == ["otto", "o@example.com", "Public"]
    assert check_password_hash(password, "hush-hush")


def test_failed_user_creation_does_not_stop_start_or_show_hash(
    server: Postgres, migrated: str, tmp_path: Path
) -> None:
    url = server.create("taken", migrated)
    server.sql(
        "taken",
        "INSERT INTO ab_user (id, first_name, last_name, username, email)"
        " VALUES (77, 'A', 'B', 'ann', 'airflowadmin@example.com')",
    )
    result = start(
        tmp_path, *PRINT_STARTED, environ={**database_environ(url), **first_user_environ("not-so-secret")}
    )
    assert (result.returncode, result.stdout) == (0, "started\n")
    assert (
        "astro-runtime: the user was not created (exit code 1); see Airflow's output above. The start continues\n"
        in result.stderr
    )
    assert "duplicate key value" in result.stderr
    assert "scrypt:" not in result.stderr
    assert "not-so-secret" not in result.stderr


def test_missing_password_stops_start_before_migration(tmp_path: Path) -> None:
    result = start(tmp_path, *PRINT_STARTED, environ={**first_user_environ(), "_AIRFLOW_DB_MIGRATE": "true"})
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.endswith(
        "astro-runtime: _AIRFLOW_WWW_USER_CREATE is set; _AIRFLOW_WWW_USER_PASSWORD or"
        " _AIRFLOW_WWW_USER_PASSWORD_CMD must be set, too\n"
    )


def test_failed_password_command_stops_start(server: Postgres, migrated: str, tmp_path: Path) -> None:
    environ = {
        **database_environ(server.url(migrated)),
        **first_user_environ(_AIRFLOW_WWW_USER_PASSWORD_CMD="echo partial-output; exit 3"),
    }
    result = start(tmp_path, *PRINT_STARTED, environ=environ)
    assert (result.returncode, result.stdout) == (1, "")
    assert (
        "_AIRFLOW_WWW_USER_PASSWORD_CMD failed or printed nothing; it must print the password"
        in result.stderr
    )
    assert "partial-output" not in result.stderr


def test_signal_ends_children_of_password_command(server: Postgres, migrated: str, tmp_path: Path) -> None:
    environ = {
        **database_environ(server.url(migrated)),
        **first_user_environ(_AIRFLOW_WWW_USER_PASSWORD_CMD="echo $$ >&2; sleep 300"),
    }
    process = begin(tmp_path, *PRINT_STARTED, environ=environ)
    assert process.stderr
    shell = next(line for line in process.stderr if line.strip().isdecimal()).strip()
    process.terminate()
    out, _ = process.communicate(timeout=200)
    assert (process.returncode, out) == (-signal.SIGTERM, "")
    # The start waits for the step, not for what the step has started; its output ends a moment before it does.
    wait_until(lambda: not alive(int(shell)), seconds=60)
