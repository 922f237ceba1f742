"""Exits with 0 if the container's component is healthy, with 1 and one line that says what is wrong, if it is not.

What cannot be known counts as healthy; the line then gives the reason.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from astro_runtime_plugin import component
from astro_runtime_plugin.health.container import container_subcommand
from astro_runtime_plugin.health.settings import (
    HealthSettings,
    UnhealthyError,
    UnknownHealthError,
    read_settings,
)
from astro_runtime_plugin.options.text import single_line
from entrypoint.errors import StartError

MAX_LENGTH = 1000  # characters of the line: Docker keeps 4096 bytes of what a health check prints
Check = Callable[[HealthSettings], None]


# Each check imports its module only when it runs, because SQLAlchemy and Celery take time to import.


def check_web(settings: HealthSettings) -> None:
    """Check an API server or webserver."""
    from astro_runtime_plugin.health import web

    web.check_web(settings)


def check_standalone(settings: HealthSettings) -> None:
    """Check `airflow standalone`."""
    from astro_runtime_plugin.health import web

    web.check_standalone(settings)


def check_flower(settings: HealthSettings) -> None:
    """Check Celery's flower."""
    from astro_runtime_plugin.health import web

    web.check_flower(settings)


def check_worker(settings: HealthSettings) -> None:
    """Check a Celery worker."""
    from astro_runtime_plugin.health import worker

    worker.check_worker(settings)


def check_job(settings: HealthSettings) -> None:
    """Check a component that has a job."""
    from astro_runtime_plugin.health import job

    job.check_job(settings, component.JOB_TYPES[settings.subcommand[0]])


CHECKS: Mapping[str, Check] = {
    component.API_SERVER: check_web,
    component.WEBSERVER: check_web,
    "standalone": check_standalone,
    component.FLOWER: check_flower,
    component.CELERY_WORKER: check_worker,
    **dict.fromkeys(component.JOB_TYPES, check_job),
}


def check_for(subcommand: Sequence[str]) -> Check | None:
    """Return the check for an airflow subcommand, or None for one that is healthy while it runs."""
    name = component.from_subcommand(subcommand, CHECKS)
    return CHECKS[name] if name else None


class Report(NamedTuple):
    """Whether the component is healthy, and a line that says what is wrong or why that cannot be known."""

    healthy: bool
    message: str = ""


def report(environ: Mapping[str, str], subcommand: Sequence[str]) -> Report:
    """Check the component. A failure of the check itself says nothing about the component."""
    try:
        check = check_for(subcommand)
        if check:
            check(read_settings(environ, subcommand))
    except UnknownHealthError as error:
        return Report(True, f"healthy, cannot tell: {error}")
    except (UnhealthyError, StartError) as error:
        return Report(False, str(error))
    except Exception as error:  # its text may contain a secret
        return Report(True, f"healthy, cannot tell: the health check itself failed: {type(error).__name__}")
    return Report(True)


def problem(environ: Mapping[str, str], subcommand: Sequence[str]) -> str | None:
    """Return what is wrong with the component in one line; None if it is healthy."""
    result = report(environ, subcommand)
    return None if result.healthy else result.message


def main() -> int:
    """Check the component of this container; return the exit code."""
    warnings.simplefilter("ignore")  # of the operator's modules and drivers: the output is one line
    try:
        healthy, message = report(os.environ, container_subcommand(os.environ))
    except Exception as error:  # processes may come and go, and their words are the operator's
        healthy, message = True, f"healthy, cannot tell: its processes cannot be read: {type(error).__name__}"
    if message:
        print(single_line(message, MAX_LENGTH))
    return 0 if healthy else 1


if __name__ == "__main__":
    sys.exit(main())
