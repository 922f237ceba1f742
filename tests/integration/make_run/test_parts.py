"""What `make run` makes of an airflow.cfg and an environment of the operator's own, part by part."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from dev import credentials, migration, run
from dev.home import write_private
from dev.lines import HERE
from entrypoint.option_names import ConfigOption
from testing.installed_line import LINE
from testing.operator_home import FAB, cfg, environment, mode

FERNET = "AIRFLOW__CORE__FERNET_KEY"
LAST, OTHERS = {  # the last of the other secrets, and the variables of them all
    "3.3": (
        ConfigOption("api_auth", "jwt_secret"),
        {"AIRFLOW__API__SECRET_KEY", "AIRFLOW__API_AUTH__JWT_SECRET"},
    ),
    "2.11": (ConfigOption("webserver", "secret_key"), {"AIRFLOW__WEBSERVER__SECRET_KEY"}),
}[LINE]


def test_no_two_homes_share_a_secret(tmp_path: Path) -> None:
    homes = [tmp_path / name for name in ("one", "two")]
    for home in homes:
        home.mkdir()
    held = [cfg(home) for home in homes]
    for names in credentials.SECRETS:
        one, two = (found.get(names[0].section, names[0].option) for found in held)
        assert one
        assert two
        assert one != two


def test_its_own_airflow_cfg_lacks_no_secret(tmp_path: Path) -> None:
    assert credentials.supplied(tmp_path, environment(tmp_path), cfg(tmp_path)) == {}


def test_a_secret_that_the_operators_airflow_cfg_lacks_is_supplied_and_kept(tmp_path: Path) -> None:
    own = cfg(tmp_path, f"[core]\nfernet_key = theirs\n[{LAST.section}]\n{LAST.option} =\n")
    supplied = credentials.supplied(tmp_path, environment(tmp_path), own)
    assert supplied.keys() == OTHERS
    assert mode(tmp_path / credentials.KEPT) == 0o600
    assert credentials.supplied(tmp_path, environment(tmp_path), own) == supplied
    lacking_more = credentials.supplied(tmp_path, environment(tmp_path), cfg(tmp_path, ""))
    assert lacking_more.keys() == {FERNET, *OTHERS}
    assert supplied.items() <= lacking_more.items()


@pytest.mark.parametrize(
    "variables",
    [
        dict.fromkeys([FERNET, *OTHERS], "theirs"),
        {f"{FERNET}_CMD": "echo a", "AIRFLOW__WEBSERVER__SECRET_KEY": "b", f"{LAST.variable}_SECRET": "path"},
    ],
)
def test_a_secret_that_the_operator_has_set_otherwise_is_left_alone(
    tmp_path: Path, variables: Mapping[str, str]
) -> None:
    own = cfg(tmp_path, "")
    assert credentials.supplied(tmp_path, environment(tmp_path, **variables), own) == {}


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


TOLD = {  # the variables that tell Airflow of its URL, the base URL first
    "3.3": {
        "AIRFLOW__API__BASE_URL": "http://localhost:8099{path}/",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": "http://127.0.0.1:8099{path}/execution/",
    },
    "2.11": {"AIRFLOW__WEBSERVER__BASE_URL": "http://localhost:8099{path}"},
}[LINE]


@pytest.mark.parametrize(("base", "url"), URLS.items())
def test_the_operators_base_url_stands_and_its_path_is_in_ours(tmp_path: Path, base: str, url: str) -> None:
    setting = next(iter(HERE.urls))
    own = cfg(tmp_path, f"[{setting.section}]\n{setting.option} = {base}\n" if base else "")
    path = url.removeprefix("http://localhost:8099").rstrip("/")
    expected = {name: text.format(path=path) for name, text in TOLD.items() if not base or "BASE" not in name}
    assert run.addresses(environment(tmp_path), own, 8099) == (url, expected)


def test_a_url_of_the_operators_stands(tmp_path: Path) -> None:
    own = cfg(tmp_path)
    for variable in TOLD:
        theirs = environment(tmp_path, **{variable: "http://elsewhere/"})
        assert run.addresses(theirs, own, 8099)[1].keys() == TOLD.keys() - {variable}


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
