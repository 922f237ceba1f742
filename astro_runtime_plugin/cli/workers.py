"""`astro-runtime workers`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from astro_runtime_plugin.parallelism.snapshot import WorkersSummary


@click.command()
@click.option("--json", "as_json", is_flag=True, help="the JSON of GET /astro-runtime/api/workers")
def workers(as_json: bool) -> None:
    """Query the running Celery workers, and print them by queue with the parallelism that is in force."""
    import logging

    logging.disable(logging.WARNING)  # Airflow logs warnings while it is imported
    from astro_runtime_plugin.cli.output import print_json
    from astro_runtime_plugin.parallelism.query import query_workers
    from entrypoint.build_environment import build_environment

    snapshot, problem, invalid = query_workers(build_environment(os.environ).settings)
    for name, reason in invalid.items():
        click.echo(f"{name} sent an invalid reply: {reason}", err=True)
    if as_json:
        print_json(snapshot.model_dump())
    else:
        _print(snapshot)
    if problem:
        raise problem


def _print(snapshot: WorkersSummary) -> None:
    from astro_runtime_plugin.cli.output import print_line
    from astro_runtime_plugin.cli.table import print_table

    rows = [
        (queue.name, worker.name, str(worker.pool)) for queue in snapshot.queues for worker in queue.workers
    ]
    print_table(("queue", "worker", "tasks at once"), rows)
    click.echo("" if rows else "No worker responded.\n")
    for scheduler in snapshot.schedulers:
        print_line(f"{scheduler.scheduler}: parallelism {scheduler.parallelism} = {scheduler.why}")
    if not snapshot.schedulers:
        click.echo(
            f"No scheduler follows the workers: parallelism {snapshot.parallelism} ({snapshot.origin})"
        )
