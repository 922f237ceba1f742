"""Exit code 0 where the container's component is healthy, else 1 with one line that says what is wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module

from astro_runtime_plugin.health.container import container_subcommand
from astro_runtime_plugin.health.settings import (
    HealthSettings,
    UnhealthyError,
    UnknownHealthError,
    read_settings,
)
from entrypoint.errors import StartError

Check = Callable[[HealthSettings], None]
# What checks each component; the modules are imported where they are needed, because SQLAlchemy and Celery cost time.
CHECKS: Mapping[tuple[str, ...], tuple[str, str, tuple[str, ...]]] = {
    ("api-server",): ("web", "check_web", ()),
    ("webserver",): ("web", "check_web", ()),
    ("standalone",): ("web", "check_standalone", ()),
    ("celery", "flower"): ("web", "check_flower", ()),
    ("celery", "worker"): ("worker", "check_worker", ()),
    ("scheduler",): ("heartbeat", "check_job", ("SchedulerJob",)),
    ("triggerer",): ("heartbeat", "check_job", ("TriggererJob",)),
    ("dag-processor",): ("heartbeat", "check_job", ("DagProcessorJob",)),
}


def check_for(words: Sequence[str]) -> Check | None:
    """Return the check of the component that `words` are; None for what is healthy while it runs."""
    for name, (module, function, arguments) in CHECKS.items():
        if tuple(words[: len(name)]) == name:
            found = getattr(import_module(f"{__package__}.{module}"), function)
            return found(*arguments) if arguments else found  # type: ignore[no-any-return]
    return None


def problem(environ: Mapping[str, str], words: Sequence[str]) -> str | None:
    """Return what is wrong with the component that `words` are, in one line; None where it is healthy."""
    try:
        check = check_for(words)
        if check:
            check(read_settings(environ, words))
    except UnknownHealthError:
        return None
    except (UnhealthyError, StartError) as error:
        return str(error)
    except Exception as error:  # its text may hold a secret
        return f"the health check itself failed: {type(error).__name__}"
    return None


def main() -> int:
    """Check the component of this container."""
    found = problem(os.environ, container_subcommand(os.environ))
    if found:
        print(found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
