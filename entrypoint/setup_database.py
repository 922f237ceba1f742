"""Migrates the metadata database and creates the first user, where the operator asks for it.

`_AIRFLOW_DB_MIGRATE` and `_AIRFLOW_WWW_USER_CREATE` mean what they mean in the official image, except that a
failed migration fails the start. Airflow is needed for both, so a child process does them.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys

from entrypoint.command import PASSWORD, PASSWORD_COMMAND, SETUP_STEPS
from entrypoint.errors import CONFIG, SETUP_FAILED, StartError
from entrypoint.signals import StopRequested

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SETUP_MODULE = "astro_runtime_plugin.database.setup"
STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)


def run_setup(steps: list[str], environ: Mapping[str, str], log: Callable[[str], None]) -> None:
    """Run the steps. Raises StartError where the migration fails or the user has no password, Stopped by a signal."""
    current, deprecated = SETUP_STEPS["migrate"]
    if environ.get(deprecated):
        log(f"{deprecated} is deprecated; use {current}")
    if "user" in steps and not (environ.get(PASSWORD) or environ.get(PASSWORD_COMMAND)):
        raise StartError(
            f"{SETUP_STEPS['user'][0]} is set; {PASSWORD} or {PASSWORD_COMMAND} must be, too", SETUP_FAILED
        )
    for step in steps:
        _handle_exit(step, _run(step, environ), log)


def _handle_exit(step: str, code: int, log: Callable[[str], None]) -> None:
    """Tell what became of a step: a migration has to succeed, a user need not be created."""
    how = f"exit code {code}" if code > 0 else f"signal {-code}"
    if code and step == "migrate":
        raise StartError(
            f"the migration of the metadata database ended with {how}; Airflow's own words stand above."
            " Nothing is started",
            SETUP_FAILED,
        )
    if code == CONFIG:
        raise StartError(
            f"{PASSWORD_COMMAND} has failed or printed nothing; it must print the password", SETUP_FAILED
        )
    if code:
        log(f"the user was not created ({how}); Airflow's own words stand above. The start goes on")


def _run(step: str, environ: Mapping[str, str]) -> int:
    """Run one step in a child and return its exit code; the output is stderr's, because stdout is the component's.

    The child leads a session of its own: a signal reaches it from here, and with it whatever it has started.
    """
    heard: list[int] = []
    child: subprocess.Popen[bytes] | None = None

    def pass_on(number: int, frame: object) -> None:
        heard.append(number)
        _stop(child)

    before = {number: signal.getsignal(number) for number in STOPPING}
    for number in STOPPING:
        if before[number] != signal.SIG_IGN:
            signal.signal(number, pass_on)
    before[signal.SIGCHLD] = signal.signal(
        signal.SIGCHLD, signal.SIG_DFL
    )  # ignored, it would hide the exit code
    try:
        words = [sys.executable, "-m", SETUP_MODULE, step]
        child = subprocess.Popen(
            words, env=dict(environ), stdin=subprocess.DEVNULL, stdout=2, start_new_session=True
        )
        if heard:
            _stop(child)
        code = child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if heard:
        raise StopRequested(heard[0])
    return code


def _stop(child: subprocess.Popen[bytes] | None) -> None:
    if child and child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGTERM)
