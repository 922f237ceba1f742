"""An AIRFLOW_HOME for both auth managers, with a task's log. `python -m tests.integration.web.airflow3.home` fills it."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

from testing.web import airflow_home as homes
from testing.web.airflow_home import EVERYBODY, PASSWORD

FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
IMPORTS = "from airflow.sdk import DAG, task"


def environment(home: Path) -> dict[str, str]:
    """Return the environment of an Airflow 3 in `home`."""
    secret = "a secret of the tests, of no worth elsewhere"
    return homes.environment(
        home,
        AIRFLOW__API__SECRET_KEY=secret,
        AIRFLOW__API_AUTH__JWT_SECRET=secret,
        AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS=",".join(
            f"{user}:{role}" for user, role in EVERYBODY.items()
        ),
    )


def make(home: Path) -> None:
    """Fill `home` with a database, DAGs, a run with its logs, and the users of both auth managers."""
    homes.make(home, IMPORTS, __name__, {**environment(home), "AIRFLOW__CORE__AUTH_MANAGER": FAB})
    passwords = dict.fromkeys(EVERYBODY, PASSWORD)
    (home / "simple_auth_manager_passwords.json.generated").write_text(json.dumps(passwords))


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
    homes.fill(["db", "migrate"])
    write_log(Path(os.environ["AIRFLOW_HOME"]))
