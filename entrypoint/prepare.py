"""Migrates the metadata database and creates the first user, where the operator asks for it.

`_AIRFLOW_DB_MIGRATE` and `_AIRFLOW_WWW_USER_CREATE` mean what they mean in the official image, except that a
failed migration fails the start. Airflow is needed for both, so a child process does them.
"""

from __future__ import annotations

from entrypoint.components import STEPS
from entrypoint.errors import StartError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MIGRATION_FAILED = 1
CHILD = "astro_runtime_plugin.prepare"


def prepare(steps: list[str], environ: Mapping[str, str], log: Callable[[str], None]) -> None:
    """Run the steps; raises StartError where the migration fails or a user has no password."""
    current, deprecated = STEPS["migrate"]
    if environ.get(deprecated):
        log(f"{deprecated} is deprecated; use {current}")
    if "user" in steps and not _password_told(environ):
        raise StartError(
            f"{STEPS['user'][0]} is set, but no password is: set _AIRFLOW_WWW_USER_PASSWORD or …_PASSWORD_CMD",
            1,
        )
    for step in steps:
        code = _run(step, environ)
        if code and step == "migrate":
            raise StartError(
                f"the migration of the metadata database failed with exit code {code}; what Airflow said of it"
                " stands above, and nothing is started",
                MIGRATION_FAILED,
            )
        if code:
            log("the user was not created; what Airflow said of it stands above, and the start goes on")


def _password_told(environ: Mapping[str, str]) -> bool:
    return any(environ.get("_AIRFLOW_WWW_USER_PASSWORD" + suffix) for suffix in ("", "_CMD"))


def _run(step: str, environ: Mapping[str, str]) -> int:
    """Run one step in a child that hears our SIGTERM, its output on stderr: stdout is the component's."""
    import signal
    import subprocess
    import sys

    with subprocess.Popen(
        [sys.executable, "-m", CHILD, step], env=dict(environ), stdin=subprocess.DEVNULL, stdout=2
    ) as child:
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        try:
            return child.wait()
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
