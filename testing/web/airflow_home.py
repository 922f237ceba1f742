"""An AIRFLOW_HOME to look at, on either line: DAGs, a run, users."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

USERS = {"ann": "Admin", "vic": "Viewer"}
EVERYBODY = {**USERS, "oli": "Op", "una": "User"}  # what not every page needs to be looked at by
PASSWORD = "a password of the tests"
MANY = 60  # more DAGs than a window shows

DAGS = """
from datetime import datetime
{imports}

with DAG("hello", schedule=None, start_date=datetime(2026, 1, 1), tags=["face"]):
    @task
    def greet():
        print("hello")
    @task
    def leave():
        print("bye")
    greet() >> leave()

for number in range({many}):
    with DAG(f"many_{{number:02}}", schedule=None, start_date=datetime(2026, 1, 1)) as dag:
        @task
        def nothing():
            pass
        nothing()
    globals()[dag.dag_id] = dag
"""


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return the environment of an Airflow in `home`: SQLite, no examples, nothing of this process's own."""
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__FERNET_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        **more,
    }


def make(home: Path, imports: str, module: str, environ: Mapping[str, str]) -> None:
    """Make `home` with the DAGs, which begin with `imports`; `module`, run in `environ`, then fills it."""
    (home / "dags").mkdir(parents=True)
    (home / "dags" / "hello.py").write_text(DAGS.format(imports=imports, many=MANY))
    (home / "airflow.cfg").touch()
    done = subprocess.run([sys.executable, "-m", module], env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def copy(home: Path, to: Path) -> Path:
    """Copy `home`, with a database of its own in which no component has told of itself; return where it is."""
    shutil.copytree(home, to, ignore=shutil.ignore_patterns(".*", "airflow.db*", "logs", "*.log"))
    source, copied = (closing(sqlite3.connect(one / "airflow.db")) for one in (home, to))
    with source as reading, copied as writing:
        reading.backup(writing)  # a server may write at this moment
        writing.execute("DROP TABLE IF EXISTS astro_runtime_state")
        writing.commit()
    return to


def fill(*first: list[str]) -> None:
    """Run the airflow commands that fill AIRFLOW_HOME, in one process: `first`, then those for DAGs, run and users."""
    from airflow.cli.cli_parser import get_parser

    names = ["--firstname", "Ann", "--lastname", "Other", "--password", PASSWORD]
    users = [
        ["users", "create", "-u", user, "-r", role, "-e", f"{user}@example.com", *names]
        for user, role in EVERYBODY.items()
    ]
    for command in (*first, ["dags", "reserialize"], ["dags", "test", "hello", "2026-01-02"], *users):
        arguments = get_parser().parse_args(command)
        arguments.func(arguments)
