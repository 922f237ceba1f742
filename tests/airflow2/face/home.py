"""An AIRFLOW_HOME to look at: DAGs, a run, users. `python -m tests.airflow2.face.home` fills it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

USERS = {"ann": "Admin", "vic": "Viewer"}
PASSWORD = "a password of the tests"
MANY = 60  # more DAGs than a window shows

DAGS = f"""
from datetime import datetime
from airflow.decorators import task
from airflow.models.dag import DAG

with DAG("hello", schedule=None, start_date=datetime(2026, 1, 1), tags=["face"]):
    @task
    def greet():
        print("hello")
    @task
    def leave():
        print("bye")
    greet() >> leave()

for number in range({MANY}):
    with DAG(f"many_{{number:02}}", schedule=None, start_date=datetime(2026, 1, 1)) as dag:
        @task
        def nothing():
            pass
        nothing()
    globals()[dag.dag_id] = dag
"""


def environment(home: Path) -> dict[str, str]:
    """Return the environment of an Airflow in `home`: SQLite, no examples, nothing of this process's own."""
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__EXECUTOR": "SequentialExecutor",
        "AIRFLOW__CORE__FERNET_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        "AIRFLOW__WEBSERVER__SECRET_KEY": "a secret of the tests, of no worth elsewhere",
        "AIRFLOW__WEBSERVER__WORKERS": "1",
    }


def make(home: Path) -> None:
    """Fill `home` with a database, DAGs, a run and the users."""
    (home / "dags").mkdir(parents=True)
    (home / "dags" / "hello.py").write_text(DAGS)
    (home / "airflow.cfg").touch()
    words = [sys.executable, "-m", __name__]
    done = subprocess.run(words, env=environment(home), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def fill() -> None:
    """Run the airflow commands that fill AIRFLOW_HOME, in one process."""
    from airflow.cli.cli_parser import get_parser

    commands = [["db", "migrate"], ["sync-perm"], ["dags", "reserialize"]]
    commands += [["dags", "test", "hello", "2026-01-02"]]
    names = ["-f", "Ann", "-l", "Other", "-p", PASSWORD]
    for user, role in USERS.items():
        commands.append(["users", "create", "-u", user, "-r", role, "-e", f"{user}@example.com", *names])
    for command in commands:
        arguments = get_parser().parse_args(command)
        arguments.func(arguments)


if __name__ == "__main__":
    fill()
