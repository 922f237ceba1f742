"""The processor time of airflow commands, with plain Airflow and with the Runtime (`make bench-commands`).

Plain Airflow is the same environment without the Runtime. The commands run in turn, without the entrypoint, as in
`docker exec`; none of them needs a database.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from bench import page
from bench.processor_time import processor_time
from bench.rounds import medians
from dev.docs import markdown
from testing.entrypoint_process import isolated_environment
from testing.installed_line import LINE
from testing.plain_airflow import install_plain_airflow

ROUNDS = 9
# With the bound of each: the Runtime's processor time, divided by that of plain Airflow.
COMMANDS = {
    "version": {"3.3": 0.45, "2.11": 0.6}[LINE],
    "--help": 0.6,
    "config get-value core parallelism": 0.6,
    "dags list-import-errors --help": 0.6,
}
PLAIN, RUNTIME = "plain `airflow`", "the Runtime"
TITLE = f"What an airflow command costs, Airflow {LINE}"


def measure(folder: Path, rounds: int) -> dict[str, float]:
    """Return the processor time of each command with each Airflow, in seconds, as `NAME COMMAND`."""
    (folder / "airflow.cfg").touch()
    airflows = {PLAIN: install_plain_airflow(folder / "plain"), RUNTIME: (sys.executable, "-m", "airflow")}
    environ = isolated_environment(folder)
    measurements = {
        f"{name} {command}": partial(processor_time, [*words, *command.split()], environ)
        for command in COMMANDS
        for name, words in airflows.items()
    }
    return medians(measurements, rounds)


def row(command: str, bound: float, seconds: Mapping[str, float]) -> tuple[str, ...]:
    """Return a row of the table; a ratio beyond its bound is bold."""
    plain, runtime = seconds[f"{PLAIN} {command}"], seconds[f"{RUNTIME} {command}"]
    ratio = page.ratio(runtime / plain, bound)
    return f"`airflow {command}`", f"{plain:.2f} s", f"{runtime:.2f} s", ratio, f"at most {bound}×"


def main(rounds: int = ROUNDS) -> None:
    """Print the table, and write it on the page."""
    with tempfile.TemporaryDirectory() as folder:
        seconds = measure(Path(folder), rounds)
    rows = [row(command, bound, seconds) for command, bound in COMMANDS.items()]
    table = markdown.table(("command", PLAIN, RUNTIME, "ratio", "goal"), rows)
    method = (
        f"Measured by `make bench-commands LINE={LINE}`: processor time, median of {rounds} interleaved rounds after"
        f" one that does not count. A ratio beyond its goal is bold. {page.machine()}."
    )
    page.write_section(TITLE, f"{method}\n\n{table}")
    print(table)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
