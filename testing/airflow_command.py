"""Runs `airflow` commands in this process, and saves DAGs with them; for probes."""

from __future__ import annotations

import os
from pathlib import Path


def airflow_command(*words: str) -> None:
    """Run an `airflow` command, such as `airflow_command("dags", "reserialize")`."""
    from airflow.cli.cli_parser import get_parser

    arguments = get_parser().parse_args(words)
    arguments.func(arguments)


def save_dags(source: str, name: str = "dags") -> None:
    """Write the DAG file `name`.py, and save the DAGs of the DAG folder in the database."""
    file = Path(os.environ["AIRFLOW_HOME"]) / "dags" / f"{name}.py"
    file.parent.mkdir(exist_ok=True)
    file.write_text(source)
    airflow_command("dags", "reserialize")
