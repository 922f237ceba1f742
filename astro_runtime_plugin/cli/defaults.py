"""`astro-runtime defaults`."""

from __future__ import annotations

import os

import click

COLUMNS = ("setting", "value", "origin", "Airflow's own", "why")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="a JSON list with an object for each setting")
def defaults(as_json: bool) -> None:
    """Print every setting that the Runtime has a default for: its value in this environment, and its origin.

    The worker concurrency is the one that a Celery worker in this container would have.
    """
    from astro_runtime_plugin.cli.output import print_json
    from astro_runtime_plugin.cli.table import print_table
    from astro_runtime_plugin.options.settings import setting_rows
    from entrypoint.build_environment import build_environment
    from entrypoint.command import CELERY_WORKER

    rows = setting_rows(build_environment(os.environ, CELERY_WORKER).settings)
    if as_json:
        print_json(rows)
    else:
        print_table(COLUMNS, map(_cells, rows))


def _cells(row: dict[str, str]) -> tuple[str, ...]:
    why = "; ".join(filter(None, (row["set_as"], row["why"])))
    return row["variable"], row["value"], row["origin"], row["stock"], why
