"""`python -m entrypoint COMMAND ARG...`: the only place that exits or executes."""

from __future__ import annotations

import os
import sys

from entrypoint import airflow_cfg, components, origin
from entrypoint.errors import NOT_EXECUTABLE, StartError
from entrypoint.line import installed_airflow, line_of
from entrypoint.resolve import resolve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from entrypoint.origin import Resolved

    Execute = Callable[[str, Sequence[str], Mapping[str, str]], object]


def main(argv: Sequence[str], environ: Mapping[str, str], execute: Execute) -> int:
    """Start what `argv` says in `environ`, through `execute` (os.execve); returns the exit code of a start that failed."""
    try:
        path, words, exported = ready(argv, environ)
        _undo_pythons_signals()
        execute(path, words, exported)
    except StartError as error:
        say(str(error))
        return error.code
    except OSError as error:
        say(f"{argv[0]} cannot be executed: {error.strerror}")
        return NOT_EXECUTABLE
    return 0


def ready(argv: Sequence[str], environ: Mapping[str, str]) -> tuple[str, list[str], dict[str, str]]:
    """Do everything that comes before the exec; return the path, the words and the environment for it."""
    command = components.parse(argv, environ)
    line = line_of(installed_airflow())
    operators = origin.without_exports(environ)
    cfg = airflow_cfg.read(airflow_cfg.locate(operators))
    settings = resolve(operators, cfg, line)
    exported = exports(operators, settings)
    if exported.get(origin.RECORD) != environ.get(origin.RECORD):
        say(*(setting.line for setting in settings))
    path = components.locate(command, exported)
    _before(command, line, exported, cfg)
    return path, command.words, exported


def _before(
    command: components.Command, line: str, environ: dict[str, str], cfg: airflow_cfg.AirflowCfg
) -> None:
    """Wait for what the command needs, then migrate and create the user where that is asked for."""
    needs = command.needs(line)
    asked = command.prepares and (environ.get("_AIRFLOW_DB_MIGRATE") or environ.get("_AIRFLOW_DB_UPGRADE") or environ.get("_AIRFLOW_WWW_USER_CREATE"))
    if not needs and not asked:
        return
    from entrypoint.prepare import prepare, wanted
    from entrypoint.wait import wait_for

    steps = wanted(environ) if command.prepares else []
    wait_for(dict.fromkeys((*((components.DATABASE,) if steps else ()), *needs)), environ, cfg, say)
    prepare(steps, environ, say)


def exports(environ: Mapping[str, str], settings: list[Resolved]) -> dict[str, str]:
    """Return the component's environment: the operator's, the defaults, and the record of which ones they are."""
    ours = {setting.variable: setting.value for setting in settings if setting.exported}
    return {**environ, **ours, origin.RECORD: origin.write(settings)}


def say(*lines: str) -> None:
    """Write lines to stderr as UTF-8 whatever the locale; a log that cannot be written stops nothing."""
    try:
        os.write(2, "".join(f"astro-runtime: {line}\n" for line in lines).encode(errors="replace"))
    except OSError:
        pass


def _undo_pythons_signals() -> None:
    """Give SIGPIPE and SIGXFSZ their default back, which Python takes at its start and an exec would keep.

    `_signal`, because `signal` imports enum, a fifth of the time of a start.
    """
    import _signal

    for number in (_signal.SIGPIPE, _signal.SIGXFSZ):
        _signal.signal(number, _signal.SIG_DFL)


def run() -> None:
    """The console script `astro-runtime-entrypoint`."""
    sys.exit(main(sys.argv[1:], os.environ, os.execve))


if __name__ == "__main__":
    run()
