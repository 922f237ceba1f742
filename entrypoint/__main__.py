"""`python -m entrypoint COMMAND ARG...`: the only module that calls exit or exec."""

from __future__ import annotations

import gc
import os
import sys

gc.disable()  # a start ends before there is garbage worth the millisecond that a collection takes

from entrypoint import container_user
from entrypoint.build_environment import build_environment
from entrypoint.command import (
    DATABASE,
    SETUP_STEPS,
    START_PREFIXES,
    Command,
    find_executable,
    parse,
    strip_setup_variables,
)
from entrypoint.config_values import is_on
from entrypoint.errors import NOT_EXECUTABLE, USAGE, StartError
from entrypoint.log import log
from entrypoint.record import RECORD_VARIABLE
from entrypoint.signals import StopRequested, exit_by_signal, install_handlers, restore_default_signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from entrypoint.build_environment import PreparedEnvironment

    Execute = Callable[[str, list[str], dict[str, str]], object]


def main(argv: Sequence[str], environ: Mapping[str, str], execute: Execute) -> int:
    """Start the command `argv` in `environ` through `execute` (os.execve); return the exit code if that fails."""
    install_handlers()
    try:
        path, words, environment = prepare_launch(argv, environ)
        restore_default_signals()
        execute(path, words, environment)
    except StartError as error:
        log(*(str(error).splitlines() if error.code == USAGE else [str(error)]))
        return error.code
    except StopRequested as stop:
        return exit_by_signal(stop.number)
    except OSError as error:
        log(f"{argv[0]} cannot be executed: {error.strerror}")
        return NOT_EXECUTABLE
    return 0


def prepare_launch(argv: Sequence[str], environ: Mapping[str, str]) -> tuple[str, list[str], dict[str, str]]:
    """Do everything that precedes the exec; return the path, the words and the environment to pass to it."""
    command = parse(argv, environ)
    container_user.set_group_umask(environ)
    prepared = build_environment(environ, command.subcommand)
    if prepared.environ[RECORD_VARIABLE] != environ.get(RECORD_VARIABLE):
        log(*container_user.warnings(environ), *_ignored_variables(environ), *prepared.notes)
        log(*(setting.log_line for setting in prepared.settings))
    path = find_executable(command, prepared.environ)
    wait_and_set_up(command, prepared)
    return path, command.words, strip_setup_variables(prepared.environ)


def _ignored_variables(environ: Mapping[str, str]) -> list[str]:
    """Return a line for each variable of the official image that is set, but does nothing here."""
    if not any(name.startswith(START_PREFIXES) for name in environ):
        return []
    from entrypoint.official_image import ignored_variables

    return ignored_variables(environ)


def wait_and_set_up(command: Command, prepared: PreparedEnvironment) -> None:
    """Wait for what the command needs, then migrate and create the user if the operator requests that."""
    steps = [
        step
        for step, variables in SETUP_STEPS.items()
        if command.needs_setup and any(is_on(prepared.environ.get(name)) for name in variables)
    ]
    needs = dict.fromkeys([*(DATABASE for _ in steps), *command.needs(prepared.line)])
    if needs:
        from entrypoint.wait import wait_for

        wait_for(needs, prepared.environ, prepared.cfg, log)
    if steps:
        from entrypoint.setup_database import run_setup

        run_setup(steps, prepared.environ, log)


def console_main() -> None:
    """Run the console script `astro-runtime-entrypoint`."""
    sys.exit(main(sys.argv[1:], os.environ, os.execve))


if __name__ == "__main__":
    console_main()
