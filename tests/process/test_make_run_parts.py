"""What `make run` makes of an airflow.cfg and an environment of the operator's own, part by part."""

from __future__ import annotations

import json
import sqlite3
import stat
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from dev import credentials, migration, run
from dev.home import write_private
from entrypoint.airflow_cfg import AirflowCfg
from entrypoint.errors import StartError

FERNET, SECRET, JWT = (
    "AIRFLOW__CORE__FERNET_KEY",
    "AIRFLOW__API__SECRET_KEY",
    "AIRFLOW__API_AUTH__JWT_SECRET",
)
FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"


def environment(home: Path, **more: str) -> dict[str, str]:
    return {"AIRFLOW_HOME": str(home), **more}


def cfg(home: Path, text: str | None = None) -> AirflowCfg:
    """Write the operator's own airflow.cfg, if any, and read what then holds."""
    if text is not None:
        (home / "airflow.cfg").write_text(text)
    return credentials.read_or_write_cfg(environment(home))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_no_two_homes_share_a_secret(tmp_path: Path) -> None:
    homes = [tmp_path / name for name in ("one", "two")]
    for home in homes:
        home.mkdir()
    held = [cfg(home) for home in homes]
    logins = [credentials.login(home, environment(home), one) for home, one in zip(homes, held, strict=True)]
    for names in credentials.SECRETS:
        one, two = (found.get(names[0].section, names[0].option) for found in held)
        assert one
        assert two
        assert one != two
    assert logins[0][0] == logins[1][0] == "User: admin"
    assert logins[0][1] != logins[1][1]


def test_its_own_airflow_cfg_lacks_no_secret(tmp_path: Path) -> None:
    assert credentials.supplied(tmp_path, environment(tmp_path), cfg(tmp_path)) == {}


def test_a_secret_that_the_operators_airflow_cfg_lacks_is_supplied_and_kept(tmp_path: Path) -> None:
    own = cfg(tmp_path, "[core]\nfernet_key = theirs\n[api_auth]\njwt_secret =\n")
    supplied = credentials.supplied(tmp_path, environment(tmp_path), own)
    assert supplied.keys() == {SECRET, JWT}
    assert mode(tmp_path / credentials.KEPT) == 0o600
    assert credentials.supplied(tmp_path, environment(tmp_path), own) == supplied
    lacking_more = credentials.supplied(tmp_path, environment(tmp_path), cfg(tmp_path, ""))
    assert lacking_more.keys() == {FERNET, SECRET, JWT}
    assert supplied.items() <= lacking_more.items()


@pytest.mark.parametrize(
    "variables",
    [
        {FERNET: "a", SECRET: "b", JWT: "c"},
        {FERNET + "_CMD": "echo a", "AIRFLOW__WEBSERVER__SECRET_KEY": "b", JWT + "_SECRET": "path"},
    ],
)
def test_a_secret_that_the_operator_has_set_otherwise_is_left_alone(
    tmp_path: Path, variables: Mapping[str, str]
) -> None:
    own = cfg(tmp_path, "")
    assert credentials.supplied(tmp_path, environment(tmp_path, **variables), own) == {}


def test_the_operators_users_get_passwords_and_keep_those_that_they_have(tmp_path: Path) -> None:
    file = tmp_path / "passwords.json"
    file.write_text('{"ann": "hers"}')
    own = cfg(
        tmp_path,
        f"[core]\nsimple_auth_manager_users = ann:op, bob:viewer\nsimple_auth_manager_passwords_file = {file}\n",
    )
    assert credentials.login(tmp_path, environment(tmp_path), own) == ["User: ann", "Password: hers"]
    held = json.loads(file.read_text())
    assert held.keys() == {"ann", "bob"}
    assert held["ann"] == "hers"
    assert len(held["bob"]) >= 16
    assert mode(file) == 0o600


def test_another_auth_manager_has_passwords_of_its_own(tmp_path: Path) -> None:
    own = cfg(tmp_path, f"[core]\nauth_manager = {FAB}\n")
    assert credentials.login(tmp_path, environment(tmp_path), own) == credentials.OTHER_LOGIN
    assert not (tmp_path / credentials.PASSWORDS).exists()


def test_a_passwords_file_that_does_not_parse_is_named(tmp_path: Path) -> None:
    (tmp_path / credentials.PASSWORDS).write_text('{"admin": ')
    with pytest.raises(StartError, match=credentials.PASSWORDS):
        credentials.login(tmp_path, environment(tmp_path), cfg(tmp_path))


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, mocker: MockerFixture) -> None:
    file = tmp_path / "airflow.cfg"
    mocker.patch("dev.home.os.replace", side_effect=KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        write_private(file, "[core]")
    assert list(tmp_path.iterdir()) == []


URLS = {
    "": "http://localhost:8099/",
    "https://airflow.example.com": "http://localhost:8099/",
    "https://airflow.example.com/team/a": "http://localhost:8099/team/a/",
    "/team": "http://localhost:8099/team/",
}


@pytest.mark.parametrize(("base", "url"), URLS.items())
def test_the_operators_base_url_stands_and_its_path_is_in_ours(tmp_path: Path, base: str, url: str) -> None:
    own = cfg(tmp_path, f"[api]\nbase_url = {base}\n" if base else "")
    told, variables = run.addresses(environment(tmp_path), own, 8099)
    assert told == url
    execution = variables.pop("AIRFLOW__CORE__EXECUTION_API_SERVER_URL")
    assert execution == url.replace("localhost", "127.0.0.1") + "execution/"
    assert variables == ({} if base else {"AIRFLOW__API__BASE_URL": url})


def test_an_execution_url_of_the_operators_stands(tmp_path: Path) -> None:
    theirs = environment(tmp_path, AIRFLOW__CORE__EXECUTION_API_SERVER_URL="http://elsewhere/execution/")
    assert run.addresses(theirs, cfg(tmp_path), 8099)[1] == {
        "AIRFLOW__API__BASE_URL": "http://localhost:8099/"
    }


def revise(home: Path, revision: str) -> None:
    """Make the SQLite database one that stands at `revision`."""
    with closing(sqlite3.connect(home / "airflow.db")) as database, database:
        database.execute("CREATE TABLE IF NOT EXISTS alembic_version (version_num TEXT)")
        database.execute("DELETE FROM alembic_version")
        database.execute("INSERT INTO alembic_version VALUES (?)", (revision,))


def test_a_migration_is_needed_until_it_is_remembered(tmp_path: Path) -> None:
    environ, own = environment(tmp_path), cfg(tmp_path)
    assert migration.needed(tmp_path, environ, own)
    revise(tmp_path, "one")
    assert migration.needed(tmp_path, environ, own)
    migration.remember(tmp_path, environ, own)
    assert not migration.needed(tmp_path, environ, own)


def test_whatever_a_migration_depends_on_makes_it_needed_again(tmp_path: Path, mocker: MockerFixture) -> None:
    environ, own = environment(tmp_path), cfg(tmp_path)
    revise(tmp_path, "one")
    migration.remember(tmp_path, environ, own)
    assert migration.needed(tmp_path, {**environ, "AIRFLOW__CORE__AUTH_MANAGER": FAB}, own)
    revise(tmp_path, "two")
    assert migration.needed(tmp_path, environ, own)
    revise(tmp_path, "one")
    assert not migration.needed(tmp_path, environ, own)
    mocker.patch("dev.migration.importlib.metadata.distributions", return_value=[])
    assert migration.needed(tmp_path, environ, own)
    mocker.stopall()
    (tmp_path / "airflow.db").write_text("no database")
    assert migration.needed(tmp_path, environ, own)


def test_a_database_elsewhere_is_always_migrated(tmp_path: Path) -> None:
    elsewhere = environment(tmp_path, AIRFLOW__DATABASE__SQL_ALCHEMY_CONN="postgresql://db/airflow")
    own = cfg(tmp_path)
    revise(tmp_path, "one")
    migration.remember(tmp_path, elsewhere, own)
    assert migration.needed(tmp_path, elsewhere, own)
