"""`astro-runtime admin-token` as a real process: off by default, printed once, and only its hash is kept."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from entrypoint.errors import CONFIG, UNAVAILABLE, USAGE
from testing.cli_process import run_astro_runtime
from testing.identity.conf import login_options, variables
from testing.proof import copy_migrated_database, templates_folder

ISSUER = "https://login.example.com"  # not asked: this is for the day on which nobody answers


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An AIRFLOW_HOME with a migrated database."""
    path = tmp_path_factory.mktemp("home")
    copy_migrated_database(templates_folder(tmp_path_factory), path)
    (path / "airflow.cfg").touch()
    return path


def environ(home: Path, **options: str) -> dict[str, str]:
    database = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db"}
    return {**database, **variables(login_options(ISSUER, **options))}


def test_token_is_printed_once_and_its_hash_is_kept(home: Path) -> None:
    done = run_astro_runtime(
        home, "admin-token", "--minutes", "5", "--user", "ann", **environ(home, admin_tokens="True")
    )
    assert done.returncode == 0, done.stderr
    (token,) = done.stdout.splitlines()
    assert token.startswith("astro-admin-")
    assert token not in done.stderr
    assert "5 minutes" in done.stderr
    with closing(sqlite3.connect(home / "airflow.db")) as database:
        dump = "\n".join(database.iterdump())
        rows = database.execute(
            "SELECT event, owner, extra FROM log WHERE event = 'identity_admin_token'"
        ).fetchall()
    assert token not in dump
    assert token.removeprefix("astro-admin-") not in dump
    assert [(event, owner) for event, owner, _ in rows] == [("identity_admin_token", "ann")]


@pytest.mark.parametrize("options", [{}, {"admin_tokens": "False"}])
def test_command_is_refused_unless_admin_tokens_are_on(home: Path, options: dict[str, str]) -> None:
    done = run_astro_runtime(home, "admin-token", **environ(home, **options))
    assert (done.returncode, done.stdout) == (CONFIG, "")
    assert "[astro_runtime] admin_tokens is off" in done.stderr
    assert done.stderr.count("\n") == 1


def test_database_that_cannot_be_written_has_its_code(home: Path) -> None:
    variables = environ(home, admin_tokens="True")
    variables["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = "sqlite:////nowhere/airflow.db"
    done = run_astro_runtime(home, "admin-token", **variables)
    assert (done.returncode, done.stdout) == (UNAVAILABLE, "")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "words", [("--minutes", "0"), ("--minutes", "2000"), ("--user", "a\nb"), ("--user", " ")]
)
def test_argument_that_cannot_be_used_is_refused(home: Path, words: tuple[str, ...]) -> None:
    done = run_astro_runtime(home, "admin-token", *words)
    assert (done.returncode, done.stdout) == (USAGE, "")
