"""An AIRFLOW_HOME for the web servers of either line: DAGs, a run, users."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from testing.entrypoint_process import isolated_environment
from testing.fixed_secrets import FERNET_KEY

USERS = {"ann": "Admin", "vic": "Viewer"}
ALL_USERS = {**USERS, "oli": "Op", "una": "User"}  # few tests need the last two
FAB_USERS = {
    "nia": "Nobody",
    "pia": "Public",
}  # roles without any permission, which SimpleAuthManager has not
PASSWORD = "a password of the tests"
DAG_COUNT = 60  # more than fit into a window

DAGS = """
from datetime import datetime
{imports}

with DAG("hello", schedule=None, start_date=datetime(2026, 1, 1), tags=["web"]):
    @task
    def greet():
        print("hello")
    @task
    def leave():
        print("bye")
    greet() >> leave()

for number in range({count}):
    with DAG(f"many_{{number:02}}", schedule=None, start_date=datetime(2026, 1, 1)) as dag:
        @task
        def nothing():
            pass
        nothing()
    globals()[dag.dag_id] = dag
"""


def web_environment(home: Path, **variables: str) -> dict[str, str]:
    """Return the environment of a web server's Airflow in `home`."""
    return isolated_environment(
        home,
        AIRFLOW__CORE__FERNET_KEY=FERNET_KEY,
        AIRFLOW__LOGGING__LOGGING_LEVEL="WARNING",
        **variables,
    )


def create_home(home: Path, imports: str, module: str, environ: Mapping[str, str]) -> None:
    """Create `home` with the DAGs, which start with `imports`; `module`, run in `environ`, then fills it."""
    (home / "dags").mkdir(parents=True)
    (home / "dags" / "hello.py").write_text(DAGS.format(imports=imports, count=DAG_COUNT))
    (home / "airflow.cfg").touch()
    process = subprocess.run([sys.executable, "-m", module], env=environ, capture_output=True, text=True)
    assert process.returncode == 0, process.stdout + process.stderr


def copy_home(home: Path, target: Path) -> Path:
    """Copy `home` to `target`, with its own database in which no component is recorded; return `target`."""
    shutil.copytree(home, target, ignore=shutil.ignore_patterns(".*", "airflow.db*", "logs", "*.log"))
    source, copy = (closing(sqlite3.connect(folder / "airflow.db")) for folder in (home, target))
    with source as reading, copy as writing:
        reading.backup(writing)  # consistent even if a server writes meanwhile
        writing.execute("DROP TABLE IF EXISTS astro_runtime_state")
        writing.commit()
    return target


def fill_home(*setup_commands: list[str]) -> None:
    """Run the airflow commands that fill AIRFLOW_HOME, all in this process: set-up, DAGs, a run, users."""
    from airflow.cli.cli_parser import get_parser

    names = ["--firstname", "Ann", "--lastname", "Other", "--password", PASSWORD]
    users = [
        ["users", "create", "-u", user, "-r", role, "-e", f"{user}@example.com", *names]
        for user, role in {**ALL_USERS, **FAB_USERS}.items()
    ]
    roles = [["roles", "create", "Nobody"]]
    dags = [["dags", "reserialize"], ["dags", "test", "hello", "2026-01-02"]]
    for command in (*setup_commands, *dags, *roles, *users):
        arguments = get_parser().parse_args(command)
        arguments.func(arguments)
