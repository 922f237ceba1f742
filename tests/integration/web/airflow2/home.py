"""An AIRFLOW_HOME for the webserver; run as a program, this module fills it."""

from __future__ import annotations

from pathlib import Path

from testing.fixed_secrets import SECRET_KEY
from testing.web import airflow_home

IMPORTS = "from airflow.decorators import task\nfrom airflow.models.dag import DAG"
PUBLIC_CONFIG = "public.py"  # a webserver configuration that makes anonymous visitors Viewers


def airflow2_environment(home: Path) -> dict[str, str]:
    """Return the environment of an Airflow 2 in `home`."""
    return airflow_home.web_environment(
        home,
        AIRFLOW__CORE__EXECUTOR="SequentialExecutor",
        AIRFLOW__WEBSERVER__SECRET_KEY=SECRET_KEY,
        AIRFLOW__WEBSERVER__WORKERS="1",
        # A worker of one thread would wait for the request of a connection that the browser keeps in reserve.
        GUNICORN_CMD_ARGS="--threads 4",
        # With Airflow's 120 s, gunicorn on a busy machine could be too late with its worker.
        AIRFLOW__WEBSERVER__WEB_SERVER_MASTER_TIMEOUT="300",
    )


def create_home(home: Path) -> None:
    """Create `home` with a database, DAGs, a run, the users, and the configuration for anonymous visitors."""
    airflow_home.create_home(home, IMPORTS, __name__, airflow2_environment(home))
    # A test signs in as more users than Airflow's limit allows in a short time.
    (home / PUBLIC_CONFIG).write_text("AUTH_ROLE_PUBLIC = 'Viewer'\nAUTH_RATE_LIMITED = False\n")


if __name__ == "__main__":
    airflow_home.fill_home(["db", "migrate"], ["sync-perm"])
