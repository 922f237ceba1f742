"""The login that `make run` tells of: with either auth manager, on either line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from dev.login import CREATED, FAB_PASSWORD, OTHER_LOGIN, PASSWORDS, login
from entrypoint.errors import StartError
from testing.operator_home import FAB, SIMPLE, cfg, environment, mode


def held(home: Path, manager: str, more: str = "") -> list[str]:
    """Return the login for an operator's airflow.cfg, in a metadata database that has been prepared before."""
    own = cfg(home, f"[core]\nauth_manager = {manager}\n{more}")
    return login(home, environment(home), own, None)


class Entrypoint:
    """Runs no command, says `output` of it, and keeps the password that it was given."""

    def __init__(self, output: str) -> None:
        self.output = output
        self.passwords: list[str] = []

    def __call__(self, name: str, words: tuple[str, ...], more: Mapping[str, str]) -> str:
        self.passwords.append(more["_AIRFLOW_WWW_USER_PASSWORD"])
        return self.output


def created(home: Path, output: str) -> tuple[list[str], list[str]]:
    """Return the login for FAB where the creation of the user says `output`, and the passwords that it was given."""
    entrypoint = Entrypoint(output)
    own = cfg(home, f"[core]\nauth_manager = {FAB}\n")
    return login(home, environment(home), own, entrypoint), entrypoint.passwords


def test_no_two_homes_share_a_password(tmp_path: Path) -> None:
    for home in (tmp_path / "one", tmp_path / "two"):
        home.mkdir()
    one, two = held(tmp_path / "one", SIMPLE), held(tmp_path / "two", SIMPLE)
    assert one[0] == two[0] == "User: admin"
    assert one[1] != two[1]


def test_the_operators_users_get_passwords_and_keep_those_that_they_have(tmp_path: Path) -> None:
    file = tmp_path / "passwords.json"
    file.write_text('{"ann": "hers"}')
    users = f"simple_auth_manager_users = ann:op, bob:viewer\nsimple_auth_manager_passwords_file = {file}\n"
    assert held(tmp_path, SIMPLE, users) == ["User: ann", "Password: hers"]
    passwords = json.loads(file.read_text())
    assert passwords.keys() == {"ann", "bob"}
    assert passwords["ann"] == "hers"
    assert len(passwords["bob"]) >= 16
    assert mode(file) == 0o600


def test_fabs_first_user_is_created_once(tmp_path: Path) -> None:
    first, (password,) = created(tmp_path, f'{CREATED} "Admin"')
    assert first == ["User: admin", f"Password: {password}"]
    assert mode(tmp_path / FAB_PASSWORD) == 0o600
    assert created(tmp_path, "admin already exist in the db") == (first, [password])
    assert held(tmp_path, FAB) == first


def test_a_user_of_that_name_who_was_there_before_keeps_their_password(tmp_path: Path) -> None:
    assert created(tmp_path, "admin already exist in the db")[0] == OTHER_LOGIN
    assert held(tmp_path, FAB) == OTHER_LOGIN
    assert not (tmp_path / FAB_PASSWORD).exists()


def test_another_auth_manager_has_passwords_of_its_own(tmp_path: Path) -> None:
    assert held(tmp_path, "theirs.AuthManager") == OTHER_LOGIN
    assert [path.name for path in tmp_path.iterdir()] == ["airflow.cfg"]


@pytest.mark.parametrize(("manager", "file"), [(SIMPLE, PASSWORDS), (FAB, FAB_PASSWORD)])
def test_a_passwords_file_that_does_not_parse_is_named(tmp_path: Path, manager: str, file: str) -> None:
    (tmp_path / file).write_text('{"admin": ')
    with pytest.raises(StartError, match=file):
        held(tmp_path, manager)
