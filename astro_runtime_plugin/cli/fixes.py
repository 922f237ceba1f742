"""`astro-runtime fixes`."""

from __future__ import annotations

import click

from entrypoint.airflow_line import installed_airflow
from entrypoint.errors import UNKNOWN, StartError

COLUMNS = ("id", "state", "title", "issue")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="the JSON of GET /astro-runtime/api/fixes")
def fixes(as_json: bool) -> None:
    """Print which faults of the installed Airflow the Runtime repairs, and whether each fix is active."""
    import io
    import logging
    from contextlib import redirect_stdout

    if installed_airflow() is None:
        raise StartError("Airflow is not installed; the Runtime is a distribution of it", UNKNOWN)
    logging.disable(logging.WARNING)  # Airflow logs warnings while it is imported
    from astro_runtime_plugin.cli.output import print_json
    from astro_runtime_plugin.cli.table import print_table
    from astro_runtime_plugin.fixes.activation import check_selection
    from astro_runtime_plugin.fixes.listing import installed_fixes

    with redirect_stdout(io.StringIO()):  # Airflow's log goes there: its modules warn while they are imported
        rows = installed_fixes()
    if as_json:
        print_json(rows)
    else:
        print_table(COLUMNS, [[row[column] for column in COLUMNS] for row in rows])
    check_selection()
