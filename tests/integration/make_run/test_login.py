"""The login that `make run` prepares, with either auth manager, on either line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from dev.run.login import CREATED, FAB_PASSWORD_FILE, OTHER_LOGIN, SIMPLE_PASSWORDS_FILE, prepare_login
from entrypoint.errors import StartError
from testing.auth_managers import FAB, SIMPLE
from testing.operator_home import load_cfg, mode, operator_environment


class StepRunner:
    """Runs no command: returns `output` for it and keeps the password that it was given."""

    def __init__(self, output: str) -> None:
        self.output = output
        self.passwords: list[str] = []

    def __call__(self, name: str, command: tuple[str, ...], environ: Mapping[str, str]) -> str:
        self.passwords.append(environ["_AIRFLOW_WWW_USER_PASSWORD"])
        return self.output


def login(home: Path, manager: str, settings: str = "", output: str = "") -> tuple[list[str], list[str]]:
    """Return the login for an airflow.cfg with `manager`, and the passwords given to the step that prints `output`."""
    runner = StepRunner(output)
    user_cfg = load_cfg(home, f"[core]\nauth_manager = {manager}\n{settings}")
    return prepare_login(home, operator_environment(home), user_cfg, runner), runner.passwords


def test_no_two_homes_share_a_password(tmp_path: Path) -> None:
    for home in (tmp_path / "one", tmp_path / "two"):
        home.mkdir()
    (first, _), (second, _) = login(tmp_path / "one", SIMPLE), login(tmp_path / "two", SIMPLE)
    assert first[0] == second[0] == "User: admin"
    assert first[1] != second[1]


def test_operators_users_get_passwords_and_keep_existing_ones(tmp_path: Path) -> None:
    file = tmp_path / "passwords.json"
    file.write_text('{"ann": "hers"}')
    users = f"simple_auth_manager_users = ann:op, bob:viewer\nsimple_auth_manager_passwords_file = {file}\n"
    assert login(tmp_path, SIMPLE, users) == (["User: ann", "Password: hers"], [])
    passwords = json.loads(file.read_text())
    assert passwords.keys() == {"ann", "bob"}
    assert passwords["ann"] == "hers"
    assert len(passwords["bob"]) >= 16
    assert mode(file) == 0o600


def test_first_fab_user_is_created_once(tmp_path: Path) -> None:
    first, (password,) = login(tmp_path, FAB, output=f'{CREATED} "Admin"')
    assert first == ["User: admin", f"Password: {password}"]
    assert mode(tmp_path / FAB_PASSWORD_FILE) == 0o600
    assert login(tmp_path, FAB, output="admin already exist in the db") == (first, [password])


def test_existing_user_of_that_name_keeps_the_password(tmp_path: Path) -> None:
    for _ in range(2):
        assert login(tmp_path, FAB, output="admin already exist in the db")[0] == OTHER_LOGIN
        assert not (tmp_path / FAB_PASSWORD_FILE).exists()


def test_other_auth_manager_has_its_own_passwords(tmp_path: Path) -> None:
    assert login(tmp_path, "theirs.AuthManager") == (OTHER_LOGIN, [])
    assert [path.name for path in tmp_path.iterdir()] == ["airflow.cfg"]


@pytest.mark.parametrize(("manager", "file"), [(SIMPLE, SIMPLE_PASSWORDS_FILE), (FAB, FAB_PASSWORD_FILE)])
def test_unparsable_passwords_file_is_named(tmp_path: Path, manager: str, file: str) -> None:
    (tmp_path / file).write_text('{"admin": ')
    with pytest.raises(StartError, match=file):
        login(tmp_path, manager)
