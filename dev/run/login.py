"""The first user, whose password is generated at the first start and kept in a private file."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from dev.run.config import user_value
from dev.run.home import read_json, write_private
from dev.run.profiles import PROFILE
from entrypoint.command import PASSWORD, PASSWORD_COMMAND, SETUP_STEPS
from entrypoint.config_file import AirflowCfg
from entrypoint.option_names import ConfigOption

AUTH_MANAGER = ConfigOption("core", "auth_manager")
SIMPLE_USERS = ConfigOption("core", "simple_auth_manager_users")
SIMPLE_PASSWORDS = ConfigOption("core", "simple_auth_manager_passwords_file")
SIMPLE_PASSWORDS_FILE = "simple_auth_manager_passwords.json.generated"
USER = "admin"
FAB_PASSWORD_FILE = ".make-run-password.json"  # noqa: S105 (the name of a file)
CREATED = f'User "{USER}" created with role'
OTHER_LOGIN = ["User and password: managed by your auth manager"]

RunStep = Callable[[str, tuple[str, ...], Mapping[str, str]], str]


def prepare_login(home: Path, environ: Mapping[str, str], cfg: AirflowCfg, run_step: RunStep) -> list[str]:
    """Create the first user and return the lines that say how to log in.

    `run_step` runs an entrypoint command under a name, with additional variables, and returns its output.
    """
    manager = (user_value(AUTH_MANAGER, environ, cfg) or PROFILE.auth_manager).rpartition(".")[2]
    if manager == "SimpleAuthManager":
        user, password = _simple_user(home, environ, cfg)
    elif manager == "FabAuthManager":
        user, password = USER, _fab_password(home, run_step)
    else:
        password = ""
    return [f"User: {user}", f"Password: {password}"] if password else OTHER_LOGIN


def _simple_user(home: Path, environ: Mapping[str, str], cfg: AirflowCfg) -> tuple[str, str]:
    """Give a password to each user of SimpleAuthManager who has none; return the first user's login.

    Airflow would do so, too, but it would print the passwords. Source of the file's form: `SimpleAuthManager.init`,
    Airflow 3.3.2.
    """
    users = user_value(SIMPLE_USERS, environ, cfg) or f"{USER}:admin"  # user:role
    names = [user.split(":")[0].strip() for user in users.split(",")]
    path = Path(user_value(SIMPLE_PASSWORDS, environ, cfg) or home / SIMPLE_PASSWORDS_FILE)
    stored = read_json(path)
    passwords = {name: secrets.token_urlsafe(12) for name in names} | stored
    if passwords != stored:
        write_private(path, json.dumps(passwords) + "\n")
    return names[0], passwords[names[0]]


def _fab_password(home: Path, run_step: RunStep) -> str:
    """Create the first user unless they exist; return their password, empty if somebody else has set it."""
    path = home / FAB_PASSWORD_FILE
    stored = read_json(path).get(USER)
    password = stored or secrets.token_urlsafe(12)
    # Before the user: the next start finishes what is cut off here.
    write_private(path, json.dumps({USER: password}))
    variables = {SETUP_STEPS["user"][0]: "true", "_AIRFLOW_WWW_USER_USERNAME": USER}
    output = run_step("user", ("true",), {**variables, PASSWORD: password, PASSWORD_COMMAND: ""})
    if stored or CREATED in output:
        return password
    path.unlink()
    return ""
