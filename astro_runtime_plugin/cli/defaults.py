"""`astro-runtime defaults`."""

from __future__ import annotations

import json
import os

import click

STOCK_COLUMNS = ("setting", "value", "origin", "Airflow's own", "why")


@click.command()
@click.option("--json", "form", flag_value="json", help="a JSON list, an object for each setting")
def defaults(form: str | None) -> None:
    """Print every setting that has a default here: its value in this environment, and where that comes from.

    The concurrency of a Celery worker is the one that a worker in this container would have.
    """
    from astro_runtime_plugin.cli.table import print_table
    from astro_runtime_plugin.options.settings import setting_rows
    from entrypoint.build_environment import build_environment
    from entrypoint.resolve import WORKER

    rows = setting_rows(build_environment(os.environ, WORKER).settings)
    if form == "json":
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        print_table(STOCK_COLUMNS, map(_cells, rows))


def _cells(row: dict[str, str]) -> tuple[str, ...]:
    why = "; ".join(filter(None, (row["set_as"], row["why"])))
    return row["variable"], row["value"], row["origin"], row["stock"], why
