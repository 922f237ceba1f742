"""Which component a container runs, told by the command line that it was started with."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from entrypoint.components import parse
from entrypoint.errors import StartError

PROC = Path("/proc")
ENTRYPOINT = "entrypoint"
SHELLS = ("bash", "sh", "dash")


def subcommand(environ: Mapping[str, str], proc: Path = PROC) -> tuple[str, ...]:
    """Return the words after `airflow` of the component that runs; none where it is another program.

    The init of the container is `tini -- /entrypoint WORD...`, and keeps that as its command line when the entrypoint
    has become the component. Where someone replaced it, the processes themselves are looked at.
    """
    words = command_line(proc / "1")
    for at, word in enumerate(words):
        if os.path.basename(word) == ENTRYPOINT:
            return meant(words[at + 1 :], environ)
    return next(running(proc), ())


def meant(words: Sequence[str], environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the airflow subcommand that the operator's words mean, in a shell's script the last one."""
    if len(words) > 2 and os.path.basename(words[0]) in SHELLS and words[1] == "-c":
        return last_airflow(words[2])
    try:
        return parse(words, environ).subcommand
    except StartError:
        return ()


def last_airflow(script: str) -> tuple[str, ...]:
    """Return the words after the last `airflow` of a script, as in `airflow db migrate && exec airflow scheduler`."""
    lexer = shlex.shlex(script, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        words = list(lexer)
    except ValueError:  # an open quote
        return ()
    starts = [at + 1 for at, word in enumerate(words) if os.path.basename(word) == "airflow"]
    found = words[starts[-1] :] if starts else []
    end = next((at for at, word in enumerate(found) if set(word) <= set("();<>|&")), len(found))
    return tuple(found[:end])


def running(proc: Path) -> Iterator[tuple[str, ...]]:
    """Yield the airflow subcommands that processes are, the oldest first; Airflow writes them into their titles."""
    for pid in sorted(int(path.name) for path in proc.iterdir() if path.name.isdecimal()):
        words = [word for part in command_line(proc / str(pid)) for word in part.split()]
        at = next((at for at, word in enumerate(words[:2]) if os.path.basename(word) == "airflow"), None)
        if at is not None and words[at + 1 :]:
            yield words[at + 1].replace("_", "-"), *words[at + 2 :]


def command_line(process: Path) -> list[str]:
    """Return a process's words; none where it is gone."""
    try:
        return process.joinpath("cmdline").read_text(errors="replace").rstrip("\0").split("\0")
    except OSError:
        return []
