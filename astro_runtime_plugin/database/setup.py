"""The child of a start: migrates the metadata database, or creates the first user, by Airflow's own commands.

`python -m astro_runtime_plugin.database.setup migrate|user`, started by `entrypoint.setup_database`, which is not to import Airflow.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping

from airflow import settings
from airflow.cli.cli_parser import get_parser
from airflow.configuration import conf
from airflow.utils.db import _configured_alembic_environment
from airflow.utils.session import create_session

from astro_runtime_plugin.database.lock import exclusive
from entrypoint.airflow_line import installed_airflow, line_of
from entrypoint.command import PASSWORD, PASSWORD_COMMAND
from entrypoint.errors import CONFIG
from entrypoint.log import log

# What the official image creates where nothing else is said, by `_AIRFLOW_WWW_USER_<OPTION>`.
FIRST_USER = {
    "username": "admin",
    "firstname": "Airflow",
    "lastname": "Admin",
    "email": "airflowadmin@example.com",
    "role": "Admin",
}


def migrate() -> int:
    """Do what `airflow db migrate` does, where a migration is pending."""
    if pending():
        logging.getLogger("alembic").setLevel(logging.INFO)
        run_airflow("db", "migrate")
    else:
        log("the metadata database is up to date: nothing to migrate")
    return 0


def pending() -> bool:
    """Whether Airflow's own tables, or those of a provider (FAB's users), are not at their newest revision."""
    logging.getLogger("alembic").setLevel(logging.WARNING)  # of a look, the log need not tell
    return not all(is_newest() for is_newest in TABLES[line_of(installed_airflow())])


def own_tables() -> bool:
    """Whether Airflow's own tables are at their newest revision."""
    with _configured_alembic_environment() as alembic:
        return set(alembic.script.get_heads()) == set(alembic.get_context().get_current_heads())


def providers_tables() -> bool:
    """Whether those are that a provider migrates by itself."""
    from airflow.utils.db_manager import RunDBManager

    with create_session() as session:
        return bool(RunDBManager().check_migration(session))


# Airflow 2 has FAB's users among its own tables.
TABLES: dict[str, tuple[Callable[[], bool], ...]] = {
    "3.3": (own_tables, providers_tables),
    "2.11": (own_tables,),
}


def create_user() -> int:
    """Do what `airflow users create` does; a user who is there stays as they are. CONFIG means: no password."""
    given = password(os.environ)
    if not given:
        return CONFIG
    settings.engine.hide_parameters = True  # a failed INSERT would show the password's hash
    run_airflow("users", "create", *user_options(os.environ), hidden=[f"--password={given}"])
    return 0


def user_options(environ: Mapping[str, str]) -> list[str]:
    """Return the options of `airflow users create` that are no secret; an empty variable counts as not set."""
    told = {option: environ.get(f"_AIRFLOW_WWW_USER_{option.upper()}") for option in FIRST_USER}
    return [f"--{option}={told[option] or stock}" for option, stock in FIRST_USER.items()]


def password(environ: Mapping[str, str]) -> str:
    """Return the first user's password, or what the command prints without the newlines at its end.

    The command goes first and is a command line for bash, as in the official image. The shell takes it from its
    environment: in its arguments everyone could read it.
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
    """Whether the auth manager has `airflow users`; SimpleAuthManager, for one, has not."""
    return "users" in {command.name for command in conf.getimport("core", "auth_manager").get_cli_commands()}


def run_airflow(*words: str, hidden: list[str] | None = None) -> None:
    """Run an airflow command in this process; Airflow's audit log is shown `words`, and not `hidden`."""
    sys.argv = ["airflow", *words]
    args = get_parser().parse_args([*words, *(hidden or ())])
    args.func(args)


def main(step: str) -> int:
    """Run one step while no other replica runs one; returns the exit code."""
    if step == "user" and not has_user_commands():
        log(f"no user is created: {conf.get('core', 'auth_manager')} keeps no users of its own")
        return 0
    with exclusive(settings.engine, log):
        return {"migrate": migrate, "user": create_user}[step]()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
