"""An AIRFLOW_HOME to look at: Dags, a run with a task's log, users. `python -m tests.airflow3.face.home` fills it."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
USERS = {"ann": "Admin", "vic": "Viewer"}
PASSWORD = "a password of the tests"
MANY = 60  # more Dags than a window shows

HELLO = """
from datetime import datetime
from airflow.sdk import DAG, task

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


def environment(home: Path) -> dict[str, str]:
    """Return the environment of an Airflow in `home`: SQLite, no examples, nothing of this process's own."""
    secret = "a secret of the tests, of no worth elsewhere"
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__API__SECRET_KEY": secret,
        "AIRFLOW__API_AUTH__JWT_SECRET": secret,
        "AIRFLOW__CORE__FERNET_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(
            f"{user}:{role}" for user, role in USERS.items()
        ),
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
    }


def make(home: Path) -> None:
    """Fill `home` with a database, Dags, a run with its logs, and the users of both auth managers."""
    (home / "dags").mkdir(parents=True)
    (home / "dags" / "hello.py").write_text(HELLO.format(many=MANY))
    (home / "airflow.cfg").touch()
    passwords = dict.fromkeys(USERS, PASSWORD)
    (home / "simple_auth_manager_passwords.json.generated").write_text(json.dumps(passwords))
    environ = {**environment(home), "AIRFLOW__CORE__AUTH_MANAGER": FAB}
    done = subprocess.run([sys.executable, "-m", __name__], env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def fill() -> None:
    """Run the airflow commands that fill AIRFLOW_HOME, in one process."""
    from airflow.cli.cli_parser import get_parser

    commands = [["db", "migrate"], ["dags", "reserialize"], ["dags", "test", "hello", "2026-01-02"]]
    names = ["--firstname", "Ann", "--lastname", "Other", "--password", PASSWORD]
    for user, role in USERS.items():
        commands.append(["users", "create", "-u", user, "-r", role, "-e", f"{user}@example.com", *names])
    for command in commands:
        arguments = get_parser().parse_args(command)
        arguments.func(arguments)
    write_log(Path(os.environ["AIRFLOW_HOME"]))


def write_log(home: Path) -> None:
    """Write the log of the task `greet`, which `dags test` prints instead, and note the run's id."""
    with sqlite3.connect(home / "airflow.db") as database:
        ((run_id,),) = database.execute("select run_id from dag_run")
    (home / "run_id").write_text(run_id)
    log = home / f"logs/dag_id=hello/run_id={run_id}/task_id=greet/attempt=1.log"
    log.parent.mkdir(parents=True)
    lines = ({"timestamp": "2026-01-02T00:00:00Z", "level": "info", "event": f"line {n}"} for n in range(300))
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))


if __name__ == "__main__":
    fill()
