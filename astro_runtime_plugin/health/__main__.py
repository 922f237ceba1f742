"""Exits with 0 if the container's component is healthy, else with 1 and one line that says what is wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module

from astro_runtime_plugin import component
from astro_runtime_plugin.health.container import container_subcommand
from astro_runtime_plugin.health.settings import (
    HealthSettings,
    UnhealthyError,
    UnknownHealthError,
    read_settings,
)
from entrypoint.errors import StartError

Check = Callable[[HealthSettings], None]
# By component. The modules are imported only when needed, because SQLAlchemy and Celery take time to import.
CHECKS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    component.API_SERVER: ("web", "check_web", ()),
    component.WEBSERVER: ("web", "check_web", ()),
    "standalone": ("web", "check_standalone", ()),
    component.FLOWER: ("web", "check_flower", ()),
    component.CELERY_WORKER: ("worker", "check_worker", ()),
    **{name: ("heartbeat", "check_job", (job_type,)) for name, job_type in component.JOB_TYPES.items()},
}


def check_for(subcommand: Sequence[str]) -> Check | None:
    """Return the check for an airflow subcommand, or None for one that is healthy while it runs."""
    name = component.from_subcommand(subcommand, CHECKS)
    if name is None:
        return None
    module, function, arguments = CHECKS[name]
    check = getattr(import_module(f"{__package__}.{module}"), function)
    return check(*arguments) if arguments else check  # type: ignore[no-any-return]


def problem(environ: Mapping[str, str], subcommand: Sequence[str]) -> str | None:
    """Return what is wrong with the component in one line; None if it is healthy."""
    try:
        check = check_for(subcommand)
        if check:
            check(read_settings(environ, subcommand))
    except UnknownHealthError:
        return None
    except (UnhealthyError, StartError) as error:
        return str(error)
    except Exception as error:  # its text may contain a secret
        return f"the health check itself failed: {type(error).__name__}"
    return None


def main() -> int:
    """Check the component of this container; return the exit code."""
    message = problem(os.environ, container_subcommand(os.environ))
    if message:
        print(message)
    return 1 if message else 0


if __name__ == "__main__":
    sys.exit(main())
