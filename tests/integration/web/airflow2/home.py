"""An AIRFLOW_HOME to look at. `python -m tests.integration.web.airflow2.home` fills it."""

from __future__ import annotations

from pathlib import Path

from testing.web import airflow_home as homes

IMPORTS = "from airflow.decorators import task\nfrom airflow.models.dag import DAG"
PUBLIC = "public.py"  # a configuration with which anonymous visitors may look around, as Viewers


def environment(home: Path) -> dict[str, str]:
    """Return the environment of an Airflow 2 in `home`."""
    return homes.environment(
        home,
        AIRFLOW__CORE__EXECUTOR="SequentialExecutor",
        AIRFLOW__WEBSERVER__SECRET_KEY="a secret of the tests, of no worth elsewhere",
        AIRFLOW__WEBSERVER__WORKERS="1",
    )


def make(home: Path) -> None:
    """Fill `home` with a database, DAGs, a run, the users, and the configuration for anonymous visitors."""
    homes.make(home, IMPORTS, __name__, environment(home))
    (home / PUBLIC).write_text("AUTH_ROLE_PUBLIC = 'Viewer'\n")


if __name__ == "__main__":
    homes.fill(["db", "migrate"], ["sync-perm"])
