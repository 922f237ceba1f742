"""The `astro-runtime` command."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from astro_runtime_plugin import __version__, defaults_page, settings
from entrypoint.errors import StartError
from entrypoint.line import installed_airflow
from entrypoint.origin import Resolved
from entrypoint.settle import settle

STOCK_COLUMNS = ("setting", "value", "origin", "Airflow's own", "why")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Say what the Runtime does here: which release it is, and what it sets."""


@main.command()
def version() -> None:
    """Print the release, the Airflow that it runs, and the package's version."""
    from astro_runtime_plugin.release import release_of

    airflow = installed_airflow()
    if airflow is None:
        raise click.ClickException("Airflow is not installed here; the Runtime is a distribution of it")
    click.echo(f"Runtime {release_of(airflow)} (Airflow {airflow}, astro-runtime {__version__})")


@main.command()
@click.option("--json", "form", flag_value="json", help="a JSON list, an object for each setting")
@click.option("--markdown", "form", flag_value="markdown", help="the page docs/defaults.md")
def defaults(form: str | None) -> None:
    """Print every setting that has a default here: its value in this environment, and where that comes from."""
    if form == "markdown":
        click.echo(defaults_page.render(), nl=False)
        return
    rows = settings.rows(_resolved())
    if form == "json":
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        _print(STOCK_COLUMNS, map(_cells, rows))


@main.command()
@click.option("--json", "form", flag_value="json", help="the JSON of GET /astro-runtime/api/workers")
def workers(form: str | None) -> None:
    """Ask the running Celery workers, and print them by queue with the parallelism that is in force."""
    import logging

    logging.disable(logging.WARNING)  # Airflow's own, of its imports
    from astro_runtime_plugin.following.running import running

    told = running(_resolved())
    if form == "json":
        click.echo(told.model_dump_json(indent=2))
        return
    rows = [(queue.name, worker.name, str(worker.pool)) for queue in told.queues for worker in queue.workers]
    _print(("queue", "worker", "tasks at once"), rows)
    click.echo("" if rows else "No worker answers.\n")
    for one in told.schedulers:
        click.echo(f"{one.scheduler}: parallelism {one.parallelism} = {one.why}")
    if not told.schedulers:
        click.echo(f"No scheduler follows the workers: parallelism {told.parallelism} ({told.origin})")


def _resolved() -> list[Resolved]:
    try:
        return settle(os.environ).settings
    except StartError as error:
        click.echo(f"astro-runtime: {error}", err=True)
        raise click.exceptions.Exit(error.code) from error


def _cells(row: dict[str, str]) -> tuple[str, ...]:
    why = "; ".join(filter(None, (row["set_as"], row["why"])))
    return row["variable"], row["value"], row["origin"], row["stock"], why


def _print(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Draw a table as wide as it needs to be where nobody's terminal says how wide it may be."""
    console = Console()
    if not console.is_terminal:
        console.width = 240
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*map(Text, row))  # as Text, because [section] would be markup
    console.print(table)
