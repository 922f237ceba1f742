"""Parses the command line into a component, and knows what that needs before it can start."""

from __future__ import annotations

import os
import sys

from entrypoint.errors import NOT_EXECUTABLE, NOT_FOUND, USAGE, StartError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

USAGE_TEXT = """\
usage: entrypoint COMMAND [ARG ...]

  airflow SUBCOMMAND ...   an airflow command, with or without the word airflow:
  scheduler                a component
  bash ..., python ...     anything executable

Resolves the Runtime's defaults, waits for what the component needs, and becomes the component."""

DATABASE = "metadata database"
BROKER = "broker"
CELERY_WORKER = ("celery", "worker")

# What must be reachable before an airflow subcommand starts. A longer match wins; one that is not listed needs nothing.
_COMMON: dict[tuple[str, ...], tuple[str, ...]] = {
    ("scheduler",): (DATABASE, BROKER),
    ("api-server",): (DATABASE,),
    ("webserver",): (DATABASE,),
    ("dag-processor",): (DATABASE,),
    ("triggerer",): (DATABASE,),
    ("standalone",): (DATABASE,),
    ("celery",): (BROKER,),
    ("db",): (DATABASE,),
    ("db", "check"): (),  # a probe: it has its own --retry
    ("fab-db",): (DATABASE,),
    ("users",): (DATABASE,),
    ("roles",): (DATABASE,),
    ("sync-perm",): (DATABASE,),
}
NEEDS = {
    "3.3": _COMMON,  # a worker talks to the api-server, not to the database
    "2.11": {**_COMMON, CELERY_WORKER: (DATABASE, BROKER)},
}

# The subcommands of both lines: these words mean Airflow, even if a program of that name is installed.
SUBCOMMANDS = frozenset(
    "api-server assets backfill celery cheat-sheet config connections dag-processor dags db db-manager fab-db"
    " info jobs kerberos kubernetes partitions permissions-cleanup plugins pools providers roles"
    " rotate-fernet-key scheduler standalone state-store sync-perm tasks teams triggerer users variables"
    " version webserver".split()
)
# What the operator can request before the component starts, and the variables for it, as in the official image.
SETUP_STEPS = {
    "migrate": ("_AIRFLOW_DB_MIGRATE", "_AIRFLOW_DB_UPGRADE"),
    "user": ("_AIRFLOW_WWW_USER_CREATE",),
}
# What the names of such variables begin with.
START_PREFIXES = ("_PIP_", "_AIRFLOW_DB_", "_AIRFLOW_WWW_USER_")
PASSWORD = "_AIRFLOW_WWW_USER_PASSWORD"  # noqa: S105 (the name of a variable)
PASSWORD_COMMAND = "_AIRFLOW_WWW_USER_PASSWORD_CMD"  # noqa: S105
# Subcommands that a probe or a task runs: they start without set-up.
COMMANDS_WITHOUT_SETUP = (("jobs",), ("tasks",), ("db", "check"))
TASK_MODULES = ("airflow.sdk.execution_time.execute_workload", "celery")


class Command:
    """A command line that can run: its words, and the words of its airflow subcommand, if it is an airflow command.

    `inner` are the subcommands of the airflow commands that a shell or another launcher will run.
    """

    __slots__ = ("inner", "subcommand", "words")

    def __init__(
        self, words: Sequence[str], subcommand: Sequence[str], inner: Iterable[tuple[str, ...]] = ()
    ) -> None:
        self.words = list(words)
        self.subcommand = tuple(subcommand)
        self.inner = list(inner)

    def needs(self, line: str) -> tuple[str, ...]:
        """Return what must be reachable before this command starts: DATABASE, BROKER, both or neither."""
        needs = {need for subcommand in self._subcommands for need in _needs(subcommand, line)}
        return tuple(need for need in (DATABASE, BROKER) if need in needs)

    @property
    def _subcommands(self) -> list[tuple[str, ...]]:
        return [self.subcommand] if self.subcommand else self.inner

    @property
    def needs_setup(self) -> bool:
        """Whether `_AIRFLOW_DB_MIGRATE` and `_AIRFLOW_WWW_USER_CREATE` apply to this command."""
        if self._subcommands:
            return not all(map(_is_without_setup, self._subcommands))
        return not any(word in TASK_MODULES for word in self.words[1:3])


def _needs(subcommand: tuple[str, ...], line: str) -> tuple[str, ...]:
    if {"-h", "--help"} & set(subcommand):
        return ()
    table = NEEDS[line]
    return table.get(subcommand[:2], table.get(subcommand[:1], ()))


def _is_without_setup(subcommand: tuple[str, ...]) -> bool:
    return any(subcommand[: len(words)] == words for words in COMMANDS_WITHOUT_SETUP)


def parse(argv: Sequence[str], environ: Mapping[str, str]) -> Command:
    """Return the command for `argv`: an airflow command, a bare airflow subcommand, or a program.

    Raises StartError (exit code 2) for an empty `argv`.
    """
    if not argv:
        raise StartError(USAGE_TEXT, USAGE)
    if os.path.basename(argv[0]) == "airflow":
        return Command(argv, argv[1:])
    if argv[0] in SUBCOMMANDS or (
        find_program(argv[0], environ) is None and _may_be_provider_command(argv[0])
    ):
        return Command(["airflow", *argv], argv)
    return Command(argv, (), _inner_commands(argv, environ))


def _inner_commands(argv: Sequence[str], environ: Mapping[str, str]) -> Iterable[tuple[str, ...]]:
    if not any("airflow" in word for word in argv[1:]):
        return ()
    from entrypoint.shell_words import airflow_commands  # takes longer than the rest of a start

    return airflow_commands(argv, environ)


def strip_setup_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Return `environ` without the requests in SETUP_STEPS and, if a user was requested, without the password."""
    names = {name for variables in SETUP_STEPS.values() for name in variables}
    if environ.get(SETUP_STEPS["user"][0]):
        names |= {PASSWORD, PASSWORD_COMMAND}
    return {name: text for name, text in environ.items() if name not in names}


def _may_be_provider_command(word: str) -> bool:
    """Whether a word that is not a program may be a subcommand that a provider adds; only Airflow knows those."""
    return "/" not in word and word not in ("bash", "python")


def find_program(word: str, environ: Mapping[str, str]) -> str | None:
    """Return the path at which execvp would find the program, or None."""
    folders = [""] if "/" in word else environ.get("PATH", os.defpath).split(":")
    paths = (os.path.join(folder, word) for folder in folders)
    return next((path for path in paths if os.access(path, os.X_OK) and not os.path.isdir(path)), None)


def find_executable(command: Command, environ: dict[str, str]) -> str:
    """Return the path to execute. A virtual environment that is not on PATH is appended to it.

    `airflow standalone` looks its children up on PATH. Raises StartError with the shell's exit codes, 127 or 126.
    """
    word = command.words[0]
    path = find_program(word, environ)
    if path is None and "/" not in word:
        python_folder = os.path.dirname(sys.executable)
        path = find_program(os.path.join(python_folder, word), environ)
        if path:
            environ["PATH"] = ":".join(filter(None, (environ.get("PATH"), python_folder)))
    if path is None:
        raise _unusable_program(word)
    return path


def _unusable_program(word: str) -> StartError:
    if "/" in word and os.path.exists(word):
        return StartError(
            f"{word} cannot be executed; it must be a program with the x bit set", NOT_EXECUTABLE
        )
    return StartError(f"{word} was not found; it must be an airflow subcommand or a program", NOT_FOUND)
