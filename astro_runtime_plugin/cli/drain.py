"""`astro-runtime drain`."""

from __future__ import annotations

import os

import click

from entrypoint.errors import NOT_DRAINED, UNKNOWN, StartError

WORKER = ("celery", "worker")


@click.command()
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    help="seconds to wait for the tasks that run; no limit by default",
)
@click.option(
    "-H",
    "--celery-hostname",
    "name",
    help="the worker's name, if this container does not say which worker runs",
)
def drain(timeout: float | None, name: str | None) -> None:
    """Let this container's Celery worker take no new task, and wait until it has finished those that run."""
    from astro_runtime_plugin.cli.output import print_line
    from astro_runtime_plugin.drain.durations import LastDurations
    from astro_runtime_plugin.drain.progress import Drain
    from astro_runtime_plugin.drain.worker_control import WorkerControl
    from astro_runtime_plugin.health.container import container_subcommand
    from astro_runtime_plugin.health.settings import read_settings

    subcommand = (*WORKER, f"--celery-hostname={name}") if name else container_subcommand(os.environ)
    if tuple(subcommand[:2]) != WORKER:
        raise StartError("no Celery worker runs in this container; -H names one", UNKNOWN)
    settings = read_settings(os.environ, subcommand)
    task = Drain(WorkerControl(settings), LastDurations(settings), print_line)
    task.begin()
    left = task.wait(timeout)
    if left:
        raise StartError(
            f"{left} task{'s' if left > 1 else ''} still run{'' if left > 1 else 's'}", NOT_DRAINED
        )
    print_line("drained: no task is left")
