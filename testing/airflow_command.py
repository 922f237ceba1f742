"""Runs `airflow` commands in this process, and saves DAGs with them; for probes.

As a program it runs a command for each of its words, which costs one start of Airflow:
`python -m testing.airflow_command "dags reserialize" "dags trigger dag"`.
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

AIRFLOW_COMMANDS = (sys.executable, "-m", "testing.airflow_command")


def airflow_command(*words: str) -> None:
    """Run an `airflow` command, such as `airflow_command("dags", "reserialize")`."""
    from airflow.cli.cli_parser import get_parser

    arguments = get_parser().parse_args(words)
    arguments.func(arguments)


def import_commands() -> None:
    """Import what `airflow dags` commands need, before a process forks others that run them."""
    from airflow.cli.cli_parser import get_parser

    get_parser().parse_args(["dags", "reserialize"])
    import airflow.cli.commands.dag_command
    import airflow.models.serialized_dag  # noqa: F401


def save_dags(source: str, name: str = "dags") -> None:
    """Write the DAG file `name`.py, and save the DAGs of the DAG folder in the database."""
    file = Path(os.environ["AIRFLOW_HOME"]) / "dags" / f"{name}.py"
    file.parent.mkdir(exist_ok=True)
    file.write_text(source)
    airflow_command("dags", "reserialize")


if __name__ == "__main__":
    for words in sys.argv[1:]:
        airflow_command(*shlex.split(words))
