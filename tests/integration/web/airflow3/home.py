"""An AIRFLOW_HOME for both auth managers, with the log of a task; run as a program, this module fills it."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

from testing.auth_managers import FAB
from testing.fixed_secrets import SECRET_KEY
from testing.web import airflow_home
from testing.web.airflow_home import ALL_USERS, PASSWORD

IMPORTS = "from airflow.sdk import DAG, task"
LOG_LINES = 300


def airflow3_environment(home: Path) -> dict[str, str]:
    """Return the environment of an Airflow 3 in `home`."""
    users = ",".join(f"{user}:{role}" for user, role in ALL_USERS.items())
    return airflow_home.web_environment(
        home,
        AIRFLOW__API__SECRET_KEY=SECRET_KEY,
        AIRFLOW__API_AUTH__JWT_SECRET=SECRET_KEY,
        AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS=users,
    )


def create_home(home: Path) -> None:
    """Create `home` with a database, DAGs, a run with its logs, and the users of both auth managers."""
    environ = {**airflow3_environment(home), "AIRFLOW__CORE__AUTH_MANAGER": FAB}
    airflow_home.create_home(home, IMPORTS, __name__, environ)
    passwords = dict.fromkeys(ALL_USERS, PASSWORD)
    (home / "simple_auth_manager_passwords.json.generated").write_text(json.dumps(passwords))


def write_log(home: Path) -> None:
    """Write the log of the task `greet`, which `dags test` prints instead, and the id of its run."""
    with sqlite3.connect(home / "airflow.db") as database:
        ((run_id,),) = database.execute("select run_id from dag_run")
    (home / "run_id").write_text(run_id)
    log = home / f"logs/dag_id=hello/run_id={run_id}/task_id=greet/attempt=1.log"
    log.parent.mkdir(parents=True)
    events = (
        {"timestamp": "2026-01-02T00:00:00Z", "level": "info", "event": f"line {number}"}
        for number in range(LOG_LINES)
    )
    log.write_text("".join(json.dumps(event) + "\n" for event in events))


if __name__ == "__main__":
    airflow_home.fill_home(["db", "migrate"])
    write_log(Path(os.environ["AIRFLOW_HOME"]))
