"""Which component a container runs, told by the command line that it was started with."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from itertools import dropwhile, groupby
from pathlib import Path

from entrypoint.command import parse
from entrypoint.errors import StartError

PROC = Path("/proc")
ENTRYPOINT = "entrypoint"
SHELLS = ("bash", "sh", "dash")
PREFIXES = ("exec", "env", "nohup", "time", "then", "do", "else", "!", "{")
COMMENT = re.compile(r"(?m)(?:^|(?<=\s))#.*$")


def container_subcommand(environ: Mapping[str, str], proc: Path = PROC) -> tuple[str, ...]:
    """Return the words after `airflow` of the component that runs; none where it is another program.

    The init of the container is `tini -- /entrypoint WORD...`, and keeps that as its command line when the entrypoint
    has become the component. Where that says nothing, the processes themselves are looked at.
    """
    words = command_line(proc / "1")
    starts = [at + 1 for at, word in enumerate(words) if os.path.basename(word) == ENTRYPOINT]
    told = parse_words(words[starts[0] :], environ) if starts else ()
    return told or next(running_subcommands(proc), ())


def parse_words(words: Sequence[str], environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the airflow subcommand that the operator's words mean, in a shell's script the last one."""
    script = script_of(words)
    if script is not None:
        return last_airflow(script)
    try:
        return parse(words, environ).subcommand
    except StartError:
        return ()


def script_of(words: Sequence[str]) -> str | None:
    """Return the script that a shell is given, in `bash -c SCRIPT` and `bash -euo pipefail -c SCRIPT`, say."""
    rest = iter(words if words and os.path.basename(words[0]) in SHELLS else ())
    next(rest, None)
    for word in rest:
        if not word.startswith(("-", "+")):
            return None
        short = "" if word.startswith("--") else word
        if "o" in short:  # takes a word of its own
            next(rest, None)
        if "c" in short:
            return next(rest, None)
    return None


def last_airflow(script: str) -> tuple[str, ...]:
    """Return the words after the last `airflow` of a script, as in `airflow db migrate && exec airflow scheduler`."""
    found = [words for words in map(without_prefix, commands(script)) if words]
    airflow = [words[1:] for words in found if os.path.basename(words[0]) == "airflow"]
    return tuple(airflow[-1]) if airflow else ()


def commands(script: str) -> Iterator[list[str]]:
    """Yield the words of each command of a shell script; none where it cannot be read, as with an open quote."""
    one_line = COMMENT.sub("", script.replace("\\\n", " ")).replace("\n", " ; ")
    lexer = shlex.shlex(one_line, posix=True, punctuation_chars=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        words = list(lexer)
    except ValueError:
        return
    for ends, command in groupby(words, lambda word: set(word) <= set("();<>|&")):
        if not ends:
            yield list(command)


def without_prefix(words: list[str]) -> list[str]:
    """Drop what may stand before a command's name: `then`, `exec`, `NAME=value`."""
    return list(dropwhile(lambda word: word in PREFIXES or "=" in word, words))


def running_subcommands(proc: Path) -> Iterator[tuple[str, ...]]:
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
