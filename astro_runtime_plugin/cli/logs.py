"""`astro-runtime logs`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from entrypoint.errors import CONFIG, INTERRUPTED, UNAVAILABLE, UNKNOWN, USAGE, StartError

if TYPE_CHECKING:
    from astro_runtime_plugin.task_logs.reading.terminal import TaskLog
    from astro_runtime_plugin.task_logs.reading.tries import TaskName, TaskTry
    from astro_runtime_plugin.task_logs.settings import TaskLogSettings
    from astro_runtime_plugin.task_logs.stores.store import LogStore

CHECK = "check"
WAIT_SECONDS = 1.0  # between two looks at whether a task has begun


@click.command()
@click.argument("dag")
@click.argument("run", required=False)
@click.argument("task", required=False)
@click.option("--map-index", type=click.IntRange(-1), default=-1, help="the index of a mapped task")
@click.option(
    "--try", "number", type=click.IntRange(1), help="the number of the try; the default is the latest"
)
@click.option("--follow", is_flag=True, help="print what is added until the try has ended")
def logs(
    dag: str, run: str | None, task: str | None, map_index: int, number: int | None, follow: bool
) -> None:
    """Print the log of TASK in a RUN of DAG, from the store if there is one, else from this machine.

    `astro-runtime logs check` reports whether the store can be used.
    """
    if (run is None and dag != CHECK) or (run is not None and task is None):
        raise click.UsageError("logs takes DAG, RUN and TASK, or `check`")
    try:
        settings = _load_settings()
        if run is None or task is None:
            _check(settings)
        else:
            from astro_runtime_plugin.task_logs.reading.tries import TaskName

            _print_log(settings, TaskName(dag, run, task, map_index), number, follow)
    except KeyboardInterrupt:
        raise click.exceptions.Exit(INTERRUPTED) from None


def _load_settings() -> TaskLogSettings:
    """Import Airflow, without what it logs and warns of meanwhile, and return the settings. Raises StartError."""
    import io
    import logging
    from contextlib import redirect_stderr, redirect_stdout

    logging.disable(logging.WARNING)
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        from astro_runtime_plugin.task_logs.command_settings import command_settings
        from astro_runtime_plugin.task_logs.reading import tries  # noqa: F401

        settings = command_settings()
    logging.captureWarnings(True)
    return settings


def _check(settings: TaskLogSettings) -> None:
    from astro_runtime_plugin.options.urls import without_secrets
    from astro_runtime_plugin.task_logs.stores.check import check_store

    if not settings.has_store:
        raise StartError(
            "no store is set ([astro_runtime] task_logs): task logs stay where they are written", UNKNOWN
        )
    store = without_secrets(settings.url)
    if problem := check_store(settings):
        raise StartError(f"{store} {problem}", CONFIG)
    click.echo(f"{store} can be written, listed, read and deleted from")


def _print_log(settings: TaskLogSettings, task: TaskName, number: int | None, follow: bool) -> None:
    from astro_runtime_plugin.task_logs.reading.terminal import as_text
    from astro_runtime_plugin.task_logs.stores.store import StoreError

    try:
        for line in _lines(settings, task, number, follow):
            click.echo(as_text(line))
    except StoreError as error:
        raise StartError(
            f"the store cannot be read: {error}; see `astro-runtime logs check`", UNAVAILABLE
        ) from error


def _lines(settings: TaskLogSettings, task: TaskName, number: int | None, follow: bool) -> Iterator[str]:
    import time

    from astro_runtime_plugin.task_logs.reading import terminal

    task_try = _find(task, number)
    stores = _stores(settings)
    while not (log := _first_log(stores, task_try)):
        if not follow or _has_ended(task, task_try):
            raise StartError(_why_no_log(task_try, settings), UNKNOWN)
        time.sleep(WAIT_SECONDS)
        task_try = task_try if task_try.number else _find(task, number)
    if follow:
        return terminal.follow(log, lambda: _has_ended(task, task_try), time.sleep, time.monotonic)
    return log.lines()


def _find(task: TaskName, number: int | None) -> TaskTry:
    """Return the try. Raises StartError if there is none, or the database cannot be read."""
    from sqlalchemy.exc import SQLAlchemyError

    from astro_runtime_plugin.task_logs.reading.tries import UnknownTryError, find_try

    try:
        return find_try(task, number)
    except UnknownTryError as error:
        raise StartError(str(error), USAGE) from error
    except SQLAlchemyError as error:  # its message contains the statement
        raise StartError(
            f"the metadata database cannot be read: {type(error).__name__}", UNAVAILABLE
        ) from error


def _has_ended(task: TaskName, task_try: TaskTry) -> bool:
    from sqlalchemy.exc import SQLAlchemyError

    from astro_runtime_plugin.task_logs.reading.tries import has_ended

    try:
        return task_try.number > 0 and has_ended(task, task_try.number)
    except SQLAlchemyError:
        return False  # away for a while: the log goes on


def _stores(settings: TaskLogSettings) -> list[LogStore]:
    """Return where a log may be: in the store, if there is one, and on this machine."""
    from astro_runtime_plugin.task_logs.command_settings import log_folder
    from astro_runtime_plugin.task_logs.stores.file_systems import FolderStore
    from astro_runtime_plugin.task_logs.stores.store import open_store

    local = FolderStore(log_folder())
    return [open_store(settings), local] if settings.has_store else [local]


def _first_log(stores: list[LogStore], task_try: TaskTry) -> TaskLog | None:
    from astro_runtime_plugin.task_logs.reading.terminal import TaskLog

    logs = (TaskLog(store, task_try.path) for store in stores if task_try.number)
    return next((log for log in logs if log.paths()), None)


def _why_no_log(task_try: TaskTry, settings: TaskLogSettings) -> str:
    if not task_try.number:
        return "the task has not begun; --follow waits for it"
    where = "in the store, nor on this machine" if settings.has_store else "on this machine"
    return f"the log of try {task_try.number} is not {where}"
