"""`python -m entrypoint COMMAND ARG...`: the only place that exits or executes."""

from __future__ import annotations

import gc
import os
import sys

gc.disable()  # a start is over before there is garbage worth the millisecond that looking for it takes

from entrypoint import components, user
from entrypoint.components import STEPS
from entrypoint.errors import NOT_EXECUTABLE, StartError
from entrypoint.log import say
from entrypoint.origin import RECORD
from entrypoint.settle import settle
from entrypoint.signals import Stopped, die_of, listen, undo_pythons

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from entrypoint.settle import Settled

    Execute = Callable[[str, list[str], dict[str, str]], object]


def main(argv: Sequence[str], environ: Mapping[str, str], execute: Execute) -> int:
    """Start what `argv` says in `environ`, through `execute` (os.execve); return the exit code where it failed."""
    listen()
    try:
        path, words, exported = ready(argv, environ)
        undo_pythons()
        execute(path, words, exported)
    except StartError as error:
        say(str(error))
        return error.code
    except Stopped as stopped:
        return die_of(stopped.number)
    except OSError as error:
        say(f"{argv[0]} cannot be executed: {error.strerror}")
        return NOT_EXECUTABLE
    return 0


def ready(argv: Sequence[str], environ: Mapping[str, str]) -> tuple[str, list[str], dict[str, str]]:
    """Do everything that comes before the exec; return the path, the words and the environment for it."""
    command = components.parse(argv, environ)
    user.share_with_group(environ)
    settled = settle(environ, command.subcommand)
    if settled.environ[RECORD] != environ.get(RECORD):
        say(*user.warnings(environ), *(setting.line for setting in settled.settings))
    path = components.locate(command, settled.environ)
    before(command, settled)
    return path, command.words, components.without_requests(settled.environ)


def before(command: components.Command, settled: Settled) -> None:
    """Wait for what the command needs, then migrate and create the user where that is asked for."""
    steps = [
        step for step, names in STEPS.items() if command.prepares and any(map(settled.environ.get, names))
    ]
    needs = dict.fromkeys([*(components.DATABASE for _ in steps), *command.needs(settled.line)])
    if needs:
        from entrypoint.wait import wait_for

        wait_for(needs, settled.environ, settled.cfg, say)
    if steps:
        from entrypoint.prepare import prepare

        prepare(steps, settled.environ, say)


def run() -> None:
    """The console script `astro-runtime-entrypoint`."""
    sys.exit(main(sys.argv[1:], os.environ, os.execve))


if __name__ == "__main__":
    run()
