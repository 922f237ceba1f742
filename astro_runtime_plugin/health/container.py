"""Which component a container runs, from the command line that it was started with, or from its processes."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import dropwhile, groupby, pairwise

import psutil  # type: ignore[import-untyped]

from entrypoint.command import parse
from entrypoint.errors import StartError

ENTRYPOINT = "entrypoint"
SHELLS = ("bash", "sh", "dash")
SCRIPT_OPTION = re.compile(r"-[A-Za-z]*c[A-Za-z]*")  # -c, -ec, -lc
# In a script: a comment, the operators between two commands, and the words that may come before a command's name.
COMMENT = re.compile(r"(?m)(?:^|(?<=\s))#.*$")
OPERATORS = frozenset("();<>|&")
PREFIXES = ("exec", "env", "nohup", "time", "then", "do", "else", "!", "{")

Words = Sequence[str]


def container_subcommand(
    environ: Mapping[str, str], processes: Sequence[Words] | None = None
) -> tuple[str, ...]:
    """Return the airflow subcommand that the container runs; empty for another program.

    `processes` are the command lines of the container's processes, the oldest first. The first one, its init, is
    `tini -- /entrypoint WORD ...`, and stays so when the entrypoint has become the component. The other processes
    count only if those words do not name a subcommand, as with a script of the operator's.
    """
    init, *others = command_lines() if processes is None else processes or [()]
    names = [os.path.basename(word) for word in init]
    words = init[names.index(ENTRYPOINT) + 1 :] if ENTRYPOINT in names else ()
    return parse_words(words, environ) or next(process_subcommands((init, *others)), ())


def command_lines() -> list[list[str]]:
    """Return the command lines of all processes by process id; one that ends meanwhile is left out."""
    processes = psutil.process_iter(["cmdline"])
    return [process.info["cmdline"] or [] for process in processes]


def parse_words(words: Words, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the airflow subcommand that the operator's words run; in a shell script the last one."""
    if words and os.path.basename(words[0]) in SHELLS:
        script = next((script for option, script in pairwise(words) if SCRIPT_OPTION.fullmatch(option)), "")
        return last_subcommand(script)
    try:
        return parse(words, environ).subcommand
    except StartError:
        return ()


def last_subcommand(script: str) -> tuple[str, ...]:
    """Return the last subcommand that a script runs, as in `airflow db migrate && exec airflow scheduler`."""
    subcommands = [
        tuple(words[1:])
        for words in map(strip_prefix, split_commands(script))
        if words and os.path.basename(words[0]) == "airflow"
    ]
    return subcommands[-1] if subcommands else ()


def split_commands(script: str) -> list[list[str]]:
    """Return the words of each command in a shell script; none if it cannot be parsed, as with an open quote."""
    flat_script = COMMENT.sub("", script.replace("\\\n", " ")).replace("\n", " ; ")
    lexer = shlex.shlex(flat_script, posix=True, punctuation_chars=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        return [list(words) for is_operator, words in groupby(lexer, OPERATORS.issuperset) if not is_operator]
    except ValueError:
        return []


def strip_prefix(words: list[str]) -> list[str]:
    """Remove what may come before a command's name: `then`, `exec`, `NAME=value`."""
    return list(dropwhile(lambda word: word in PREFIXES or "=" in word, words))


def process_subcommands(processes: Iterable[Words]) -> Iterator[tuple[str, ...]]:
    """Yield the airflow subcommands of processes; Airflow writes them into its process titles."""
    for command_line in processes:
        words = " ".join(command_line).split()
        names = [os.path.basename(word) for word in words[:2]]
        if "airflow" in names and words[names.index("airflow") + 1 :]:
            subcommand, *arguments = words[names.index("airflow") + 1 :]
            yield subcommand.replace("_", "-"), *arguments
