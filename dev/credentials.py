"""The secrets and the password, made at the first start: none of them is fixed, all are private."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from dev.home import write_private
from entrypoint import airflow_cfg
from entrypoint.airflow_cfg import AirflowCfg
from entrypoint.errors import StartError
from entrypoint.names import Name
from entrypoint.overrides import find

AUTH_MANAGER = Name("core", "auth_manager")
USERS = Name("core", "simple_auth_manager_users")
STOCK_USERS = "admin:admin"  # a name and a role
PASSWORDS_FILE = Name("core", "simple_auth_manager_passwords_file")
PASSWORDS = "simple_auth_manager_passwords.json.generated"
KEPT = ".make-run-secrets.json"
OTHER_LOGIN = ["User: as your auth manager knows you", "Password: the one it knows"]

AIRFLOW_CFG = """\
# Written by `make run` at its first start. It is yours to edit: it is never written again.
[core]
executor = LocalExecutor
load_examples = False
fernet_key = {fernet_key}

[api]
secret_key = {secret_key}

[api_auth]
jwt_secret = {jwt_secret}

[astro_runtime]
load_examples = True
"""


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def _secret() -> str:
    return secrets.token_urlsafe(64)  # SHA-512 asks for as many bytes


# Without these Airflow does not start, or its components do not believe each other.
SECRETS: dict[tuple[Name, ...], Callable[[], str]] = {
    (Name("core", "fernet_key"),): _fernet_key,
    (Name("api", "secret_key"), Name("webserver", "secret_key")): _secret,
    (Name("api_auth", "jwt_secret"),): _secret,
}


def read_or_write_cfg(environ: Mapping[str, str]) -> AirflowCfg:
    """Return the operator's airflow.cfg; where there is none, write a minimal one with secrets of its own.

    Without a file Airflow would generate one in which every setting stands.
    """
    path = Path(airflow_cfg.locate(environ))
    if not path.exists():
        made = {names[0].option: make() for names, make in SECRETS.items()}
        write_private(path, AIRFLOW_CFG.format(**made))
    return airflow_cfg.read(str(path))


def supplied(home: Path, environ: Mapping[str, str], cfg: AirflowCfg) -> dict[str, str]:
    """Return a variable for each secret that the operator's airflow.cfg and environment lack, kept in `home`."""
    lacking = {names: make for names, make in SECRETS.items() if _lacks(names, environ, cfg)}
    if not lacking:
        return {}
    kept = _read_json(home / KEPT)
    made = {names[0].variable: make() for names, make in lacking.items()}
    if not made.keys() <= kept.keys():
        write_private(home / KEPT, json.dumps({**made, **kept}))
    return {variable: kept.get(variable, text) for variable, text in made.items()}


def login(home: Path, environ: Mapping[str, str], cfg: AirflowCfg) -> list[str]:
    """Return the lines that say how to log in; SimpleAuthManager's users are given passwords.

    Source of the file's form: `SimpleAuthManager.init`, Airflow 3.3.2.
    """
    manager = told(AUTH_MANAGER, environ, cfg)
    if manager and not manager.endswith(".SimpleAuthManager"):
        return OTHER_LOGIN
    users = [user.split(":")[0].strip() for user in (told(USERS, environ, cfg) or STOCK_USERS).split(",")]
    path = Path(told(PASSWORDS_FILE, environ, cfg) or home / PASSWORDS)
    kept = _read_json(path)
    made = {user: secrets.token_urlsafe(12) for user in users if user not in kept}
    if made:
        write_private(path, json.dumps({**kept, **made}) + "\n")
    return [f"User: {users[0]}", f"Password: {made.get(users[0], kept.get(users[0], ''))}"]


def told(name: Name, environ: Mapping[str, str], cfg: AirflowCfg) -> str:
    """Return what the operator has set `name` to; empty where they have not."""
    found = find((name,), environ, cfg)
    return found.text.strip() if found else ""


def _lacks(names: tuple[Name, ...], environ: Mapping[str, str], cfg: AirflowCfg) -> bool:
    found = find(names, environ, cfg, sensitive=True)
    return found is None or not found.text.strip()


def _read_json(path: Path) -> dict[str, str]:
    try:
        held = path.read_text().strip()
        return dict(json.loads(held or "{}"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise StartError(
            f"{path} cannot be read ({error}); mend it, or remove it to have it made anew"
        ) from error
