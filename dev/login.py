"""How the newcomer logs in: the first user, with a password made at the first start and kept in a private file."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from dev.credentials import told
from dev.home import read_json, write_private
from dev.lines import HERE
from entrypoint.command import PASSWORD, PASSWORD_COMMAND, SETUP_STEPS
from entrypoint.config_file import AirflowCfg
from entrypoint.option_names import ConfigOption

AUTH_MANAGER = ConfigOption("core", "auth_manager")
USERS = ConfigOption("core", "simple_auth_manager_users")
STOCK_USERS = "admin:admin"  # a name and a role
PASSWORDS_FILE = ConfigOption("core", "simple_auth_manager_passwords_file")
PASSWORDS = "simple_auth_manager_passwords.json.generated"
FAB_USER = "admin"
FAB_PASSWORD = ".make-run-password.json"  # noqa: S105 (the name of a file)
CREATED = f'User "{FAB_USER}" created with role'
OTHER_LOGIN = ["User: as your auth manager knows you", "Password: the one it knows"]

Finish = Callable[[str, tuple[str, ...], Mapping[str, str]], str]


def login(home: Path, environ: Mapping[str, str], cfg: AirflowCfg, finish: Finish | None) -> list[str]:
    """Return the lines that say how to log in, having seen to it that they are true.

    `finish` runs a command of the entrypoint and returns its output; None where the metadata database has been
    prepared before.
    """
    manager = told(AUTH_MANAGER, environ, cfg) or HERE.auth_manager
    first = {"SimpleAuthManager": _simple, "FabAuthManager": _fab}.get(manager.rpartition(".")[2])
    user = first(home, environ, cfg, finish) if first else None
    return [f"User: {user[0]}", f"Password: {user[1]}"] if user else OTHER_LOGIN


def _simple(
    home: Path, environ: Mapping[str, str], cfg: AirflowCfg, finish: Finish | None
) -> tuple[str, str] | None:
    """Give each user of SimpleAuthManager who has none a password.

    Source of the file's form: `SimpleAuthManager.init`, Airflow 3.3.2.
    """
    users = [user.split(":")[0].strip() for user in (told(USERS, environ, cfg) or STOCK_USERS).split(",")]
    path = Path(told(PASSWORDS_FILE, environ, cfg) or home / PASSWORDS)
    kept = read_json(path)
    made = {user: secrets.token_urlsafe(12) for user in users if user not in kept}
    if made:
        write_private(path, json.dumps({**kept, **made}) + "\n")
    return users[0], {**kept, **made}[users[0]]


def _fab(
    home: Path, environ: Mapping[str, str], cfg: AirflowCfg, finish: Finish | None
) -> tuple[str, str] | None:
    """Create the first user in a metadata database that may lack them; None where their password is not ours."""
    path = home / FAB_PASSWORD
    kept = read_json(path).get(FAB_USER)
    if not finish:
        return (FAB_USER, kept) if kept else None
    password = kept or secrets.token_urlsafe(12)
    write_private(path, json.dumps({FAB_USER: password}))  # first: what is cut off here is taken up again
    if CREATED in finish("user", ("true",), _asking_for(password)) or kept:
        return FAB_USER, password
    path.unlink()
    return None


def _asking_for(password: str) -> dict[str, str]:
    """Return the variables that ask the entrypoint for the user, who is described there."""
    user = {SETUP_STEPS["user"][0]: "true", "_AIRFLOW_WWW_USER_USERNAME": FAB_USER}
    return {**user, PASSWORD: password, PASSWORD_COMMAND: ""}
