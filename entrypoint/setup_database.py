"""Runs the set-up steps in a child process: the migration, and the first user, if the operator requests them.

`_AIRFLOW_DB_MIGRATE` and `_AIRFLOW_WWW_USER_CREATE` work as in the official image, except that a failed migration
fails the start. Both need Airflow, which the child imports (`astro_runtime_plugin.database.setup`).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess

from entrypoint.child_command import child_command
from entrypoint.command import PASSWORD, PASSWORD_COMMAND, SETUP_STEPS
from entrypoint.config_values import is_on
from entrypoint.errors import CONFIG, SETUP_FAILED, UNAVAILABLE, StartError
from entrypoint.signals import StopRequested

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Child = subprocess.Popen[bytes]

SETUP_MODULE = "astro_runtime_plugin.database.setup"
NO_PASSWORD = CONFIG  # the exit code of a child that has not received the first user's password
LOCKED = UNAVAILABLE  # the exit code of a child that another process has kept waiting for too long
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)


def run_setup(steps: list[str], environ: Mapping[str, str], log: Callable[[str], None]) -> None:
    """Run the steps.

    Raises StartError if the migration fails or the user has no password, and StopRequested after a signal.
    """
    current, deprecated = SETUP_STEPS["migrate"]
    if is_on(environ.get(deprecated)):
        log(f"{deprecated} is deprecated; use {current}")
    if "user" in steps and not (environ.get(PASSWORD) or environ.get(PASSWORD_COMMAND)):
        raise StartError(
            f"{SETUP_STEPS['user'][0]} is set; {PASSWORD} or {PASSWORD_COMMAND} must be set, too",
            SETUP_FAILED,
        )
    for step in steps:
        _handle_exit(step, _run(step, environ), log)


def _handle_exit(step: str, code: int, log: Callable[[str], None]) -> None:
    """Fail the start if the migration failed, or the password command; a user need not be created."""
    reason = f"exit code {code}" if code > 0 else f"signal {-code}"
    if code == LOCKED:
        raise StartError(f"gave up on the {step} step; the line above says why", UNAVAILABLE)
    if code and step == "migrate":
        raise StartError(f"Database migration failed ({reason}); see Airflow's output above", SETUP_FAILED)
    if code == NO_PASSWORD:
        raise StartError(
            f"{PASSWORD_COMMAND} failed or printed nothing; it must print the password", SETUP_FAILED
        )
    if code:
        log(f"the user was not created ({reason}); see Airflow's output above. The start continues")


def _run(step: str, environ: Mapping[str, str]) -> int:
    """Run one step in a child process and return its exit code. Raises StopRequested after a signal.

    The child's output goes to stderr, because stdout belongs to the component. The child leads its own session,
    so that a signal passed on to it reaches everything that it started.
    """
    received: list[int] = []
    child: Child | None = None

    def forward(number: int, frame: object) -> None:
        received.append(number)
        _stop(child)

    with _handling_signals(forward):
        child = subprocess.Popen(
            child_command(SETUP_MODULE, step, environ=environ),
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=2,
            start_new_session=True,
        )
        if received:
            _stop(child)
        code = child.wait()
    if received:
        raise StopRequested(received[0])
    return code


@contextlib.contextmanager
def _handling_signals(handler: Callable[[int, object], None]) -> Iterator[None]:
    """Call `handler` for STOP_SIGNALS that are not ignored. An ignored SIGCHLD would hide the child's exit code."""
    handlers = {number: signal.getsignal(number) for number in (*STOP_SIGNALS, signal.SIGCHLD)}
    try:
        for number in STOP_SIGNALS:
            if handlers[number] != signal.SIG_IGN:
                signal.signal(number, handler)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        yield
    finally:
        for number, previous in handlers.items():
            signal.signal(number, previous)


def _stop(child: Child | None) -> None:
    if child and child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGTERM)
