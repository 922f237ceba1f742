"""Compares the version of databases with Airflow's, in a process for each: `needless_migrations SCENE…`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

NAMES = sys.argv[1:]
sys.argv = ["airflow", "triggerer"]  # as Airflow's start finds it

import airflow  # noqa: E402
import airflow.cli.cli_parser  # noqa: E402
from airflow import settings  # noqa: E402
from airflow.utils import db  # noqa: E402
from sqlalchemy import text  # noqa: E402

from astro_runtime_plugin.fixes.needless_migrations import NEWEST  # noqa: E402
from testing.proof import report_scenes  # noqa: E402

HEAVY = ("alembic", "airflow.www.app")
INI = Path(airflow.__file__).with_name("alembic.ini")
OLDER = "22ed7efa9da2"  # that of 2.10.0, which both lines know


def execute(*statements: str) -> None:
    """Change the database."""
    engine = getattr(settings, "get_engine", lambda: settings.engine)()
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def replace_database() -> None:
    """Replace the database with a file that is not one."""
    Path(os.environ["AIRFLOW_HOME"], "airflow.db").write_text("no database\n" * 1000)


def use_other_ini(path: str) -> None:
    """Set the path of Alembic's configuration."""
    os.environ["AIRFLOW__DATABASE__ALEMBIC_INI_FILE_PATH"] = path


def other_ini_with_more_versions() -> None:
    """Have Alembic find a migration that is none of Airflow's."""
    home = Path(os.environ["AIRFLOW_HOME"])
    folder = home / "versions"
    folder.mkdir()
    more = "revision = 'ffffffffffff'\ndown_revision = None\nbranch_labels = ('more',)\n"
    (folder / "more.py").write_text(more)
    own = INI.with_name("migrations") / "versions"
    ini = INI.read_text().replace("[alembic]", f"[alembic]\nversion_locations = {own} {folder}", 1)
    (home / "alembic.ini").write_text(ini)
    use_other_ini(str(home / "alembic.ini"))


def observe(prepare: Callable[[], Any]) -> dict[str, Any]:
    """Return how Airflow's check ends, and which of the heavy modules it has imported."""
    prepare()
    end = None
    try:
        db.check_and_run_migrations()
    except BaseException as error:
        end = type(error).__name__
    return {"end": end, "imported": [name for name in HEAVY if name in sys.modules]}


def newest_versions() -> list[str]:
    """Return Alembic's newest versions of Airflow's tables, and the one that the fix knows."""
    with db._configured_alembic_environment() as env:
        return [*env.script.get_heads(), NEWEST[airflow.__version__]]


SCENES: dict[str, Callable[[], Any]] = {
    "current": lambda: None,
    "behind": partial(execute, f"UPDATE alembic_version SET version_num = '{OLDER}'"),
    "unknown": partial(execute, "UPDATE alembic_version SET version_num = 'ffffffffffff'"),
    "two": partial(execute, f"INSERT INTO alembic_version VALUES ('{OLDER}')"),
    "empty": partial(execute, "DELETE FROM alembic_version"),
    "without tables": partial(execute, "DROP TABLE alembic_version"),
    "no database": replace_database,
    "the same ini by its path": partial(use_other_ini, str(INI)),
    "an ini with more versions": other_ini_with_more_versions,
}

report_scenes(
    {
        **{name: partial(observe, SCENES[name]) for name in SCENES},
        "newest versions": newest_versions,
    },
    NAMES,
)
