"""An AIRFLOW_HOME with a migrated database and DAGs, for the web server of either line; as a program it fills one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from testing.entrypoint_process import CHECKOUT, isolated_environment
from testing.fixed_secrets import FERNET_KEY, SECRET_KEY
from testing.identity.patience import write_patience
from testing.installed_line import LINE

DAGS = """
from datetime import datetime
try:
    from airflow.sdk import DAG, task
except ImportError:
    from airflow.decorators import task
    from airflow.models.dag import DAG

for name in ("finance_pay", "finance_report", "marketing_mail"):
    with DAG(name, schedule=None, start_date=datetime(2026, 1, 1)) as dag:
        @task
        def greet():
            print("hello")
        greet()
    globals()[name] = dag
"""
SECRETS = {
    "3.3": {"AIRFLOW__API__SECRET_KEY": SECRET_KEY, "AIRFLOW__API_AUTH__JWT_SECRET": SECRET_KEY},
    "2.11": {
        "AIRFLOW__WEBSERVER__SECRET_KEY": SECRET_KEY,
        "AIRFLOW__CORE__EXECUTOR": "SequentialExecutor",
    },
}


def home_environment(home: Path, **variables: str) -> dict[str, str]:
    """Return the environment of an Airflow in `home`."""
    logging = {"AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING"}
    return isolated_environment(
        home, AIRFLOW__CORE__FERNET_KEY=FERNET_KEY, **logging, **SECRETS[LINE], **variables
    )


def create_home(home: Path, variables: Mapping[str, str] | None = None) -> None:
    """Create `home` with a database and DAGs, by Airflow's commands with `variables`."""
    (home / "dags").mkdir(parents=True)
    (home / "dags" / "dags.py").write_text(DAGS)
    (home / "airflow.cfg").touch()
    write_patience(home)
    words = [sys.executable, "-m", "entrypoint", "python", "-m", __name__]
    environ = home_environment(home, **(variables or {}))
    done = subprocess.run(words, env=environ, cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def fill_home() -> None:
    """Run the commands that fill AIRFLOW_HOME, all in this process."""
    from airflow.cli.cli_parser import get_parser

    for command in (["db", "migrate"], ["dags", "reserialize"]):
        arguments = get_parser().parse_args(command)
        arguments.func(arguments)


if __name__ == "__main__":
    fill_home()
