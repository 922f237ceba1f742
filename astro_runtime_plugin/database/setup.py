"""The setup process of a start: migrates the metadata database or creates the first user, with Airflow's own commands.

`entrypoint.setup_database` starts it with the step, `migrate` or `user`, because the entrypoint itself must not import
Airflow.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

from airflow import settings
from airflow.configuration import conf

from astro_runtime_plugin.airflow_compat import cli_parser, is_migrated
from astro_runtime_plugin.database.lock import LockedError, exclusive
from entrypoint.command import PASSWORD, PASSWORD_COMMAND
from entrypoint.log import log
from entrypoint.setup_database import LOCKED, NO_PASSWORD

# What the official image creates by default; `_AIRFLOW_WWW_USER_<OPTION>` overrides each.
FIRST_USER = {
    "username": "admin",
    "firstname": "Airflow",
    "lastname": "Admin",
    "email": "airflowadmin@example.com",
    "role": "Admin",
}


def migrate() -> int:
    """Run `airflow db migrate` if a migration is pending: one of Airflow's or, on Airflow 3, of a provider."""
    logging.getLogger("alembic").setLevel(logging.WARNING)  # the check itself need not be logged
    if is_migrated():
        log("the metadata database is up to date: nothing to migrate")
    else:
        logging.getLogger("alembic").setLevel(logging.INFO)
        run_airflow("db", "migrate")
    return 0


def create_user() -> int:
    """Run `airflow users create`, which leaves an existing user unchanged. Return NO_PASSWORD without one."""
    password = read_password(os.environ)
    if not password:
        return NO_PASSWORD
    settings.engine.hide_parameters = True  # the error of a failed INSERT would contain the password's hash
    run_airflow("users", "create", *user_options(os.environ), hidden=[f"--password={password}"])
    return 0


def user_options(environ: Mapping[str, str]) -> list[str]:
    """Return the options of `airflow users create` that are not secret; an empty variable counts as not set."""
    return [
        f"--{option}={environ.get(f'_AIRFLOW_WWW_USER_{option.upper()}') or default}"
        for option, default in FIRST_USER.items()
    ]


def read_password(environ: Mapping[str, str]) -> str:
    """Return the first user's password, or the output of the password command without trailing newlines.

    The command wins and is a command line for bash, as in the official image. The shell reads it from the
    environment: as an argument, everyone could read it.
    """
    if not environ.get(PASSWORD_COMMAND):
        return environ.get(PASSWORD, "")
    shell = shutil.which("bash") or "/bin/sh"
    done = subprocess.run(
        [shell, "-c", f'eval "${PASSWORD_COMMAND}"'],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    return done.stdout.rstrip("\n") if done.returncode == 0 else ""


def has_user_commands() -> bool:
    """Return whether the auth manager has `airflow users`; SimpleAuthManager does not."""
    return "users" in {command.name for command in conf.getimport("core", "auth_manager").get_cli_commands()}


def run_airflow(*words: str, hidden: Sequence[str] = ()) -> None:
    """Run an airflow command in this process; Airflow's audit log receives `words` but not `hidden`."""
    sys.argv = ["airflow", *words]
    args = cli_parser().parse_args([*words, *hidden])
    args.func(args)


def main(step: str) -> int:
    """Run one step while no other replica runs one; return the exit code."""
    if step == "user" and not has_user_commands():
        log(f"no user is created: {conf.get('core', 'auth_manager')} keeps no users of its own")
        return 0
    try:
        with exclusive(settings.engine, log):
            return {"migrate": migrate, "user": create_user}[step]()
    except LockedError as error:
        log(str(error))
        return LOCKED
