"""Finds the airflow commands within a command: `bash -c '... && exec airflow scheduler'`, `tini -- airflow scheduler`.

It reads what people write as a container's command, not the whole language of a shell: what it cannot read counts as no
airflow command, and the start then waits for nothing.
"""

from __future__ import annotations

import os
import re
import shlex

from entrypoint.shell_variables import VARIABLE, expand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SHELLS = ("bash", "sh", "dash", "ash", "ksh", "zsh")
# Programs that run their arguments: their options that take a value, and how many words come before the command.
LAUNCHERS: dict[str, tuple[tuple[str, ...], int]] = {
    "exec": (("-a",), 0),
    "command": ((), 0),
    "nohup": ((), 0),
    "setsid": ((), 0),
    "time": ((), 0),
    "env": (("-u", "--unset", "-C", "--chdir"), 0),
    "nice": (("-n", "--adjustment"), 0),
    "ionice": (("-c", "-n"), 0),
    "stdbuf": (("-i", "-o", "-e"), 0),
    "tini": (("-e", "-p"), 0),
    "catatonit": ((), 0),
    "dumb-init": (("-r", "--rewrite"), 0),
    "timeout": (("-s", "--signal", "-k", "--kill-after"), 1),
    "gosu": ((), 1),
    "su-exec": ((), 1),
    "sudo": (("-u", "--user", "-g", "--group", "-h", "-D", "-C", "-R", "-T"), 0),
    "setpriv": (("--reuid", "--regid", "--groups", "--bounding-set", "--inh-caps", "--ambient-caps"), 0),
    "taskset": ((), 1),
    "chrt": ((), 1),
    "busybox": ((), 0),
    "ddtrace-run": ((), 0),
    "opentelemetry-instrument": ((), 0),
    "newrelic-admin": ((), 1),
    "uv": ((), 1),
    "poetry": ((), 1),
}
RESERVED = frozenset("if then elif else while until do ! {".split())  # a command follows these words
ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
PYTHON = re.compile(r"python[\d.]*")
COMMENT = re.compile(r"(?:(?<=\s)|^)#.*", re.MULTILINE)
BRANCHES = "();<>|&\n"  # what separates commands, and redirects
MAX_DEPTH = 5  # commands within commands


def airflow_commands(
    words: Sequence[str], environ: Mapping[str, str] | None, depth: int = MAX_DEPTH
) -> Iterator[tuple[str, ...]]:
    """Yield the words behind `airflow` of each airflow command that `words` runs, in their order.

    Variables get their values in `environ`; without it they stay as the script has them.
    """
    words = _without_launchers(words)
    program = os.path.basename(words[0]) if words else ""
    if program == "airflow":
        yield _subcommand(words[1:], environ)
    elif PYTHON.fullmatch(program) and "-m" in words and words[words.index("-m") + 1 :][:1] == ["airflow"]:
        yield _subcommand(words[words.index("-m") + 2 :], environ)
    elif program == "eval" and depth:
        yield from _in_script(" ".join(words[1:]), [], environ, depth)
    elif program in ("su", "runuser") and "-c" in words and depth:
        yield from _in_script("".join(words[words.index("-c") + 1 :][:1]), [], environ, depth)
    elif program in SHELLS and depth:
        script, arguments = _script(words[1:])
        yield from _in_script(script, arguments, environ, depth)


def _in_script(
    script: str, arguments: list[str], environ: Mapping[str, str] | None, depth: int
) -> Iterator[tuple[str, ...]]:
    for words in _simple_commands(script):
        yield from airflow_commands(expand(words, environ, arguments), environ, depth - 1)


def _subcommand(words: list[str], environ: Mapping[str, str] | None) -> tuple[str, ...]:
    """Return the words behind `airflow`, without the variables before the subcommand that `environ` does not set."""
    while environ is not None and words and VARIABLE.fullmatch(words[0]):
        words = words[1:]
    return tuple(words)


def _without_launchers(words: Sequence[str]) -> list[str]:
    """Return the command without what runs it: assignments, `exec`, `env`, `tini --`, `$PREFIX` and their like."""
    rest = list(words)
    while rest:
        name = os.path.basename(rest[0])
        if ASSIGNMENT.match(rest[0]) or VARIABLE.fullmatch(rest[0]) or name in RESERVED:
            rest = rest[1:]
        elif name in LAUNCHERS:
            with_value, before = LAUNCHERS[name]
            rest = _without_options(rest[1:], with_value)[before:]
        else:
            break
    return rest


def _without_options(words: list[str], with_value: tuple[str, ...]) -> list[str]:
    while words and words[0].startswith("-"):
        if words[0] == "--":
            return words[1:]
        words = words[2 if words[0] in with_value else 1 :]
    return words


def _script(words: list[str]) -> tuple[str, list[str]]:
    """Return the text of a shell's `-c` and the words behind it, the first of which is `$0`; empty without a -c."""
    has_text = False
    while words and words[0][:1] in ("-", "+") and words[0] not in ("-", "--"):
        option = words[0]
        cluster = "" if option.startswith("--") else option[1:]
        has_text = has_text or (option[0] == "-" and "c" in cluster)
        takes_value = cluster[-1:] in ("o", "O") or option in ("--rcfile", "--init-file")
        words = words[2 if takes_value else 1 :]
    words = words[1:] if words[:1] in (["-"], ["--"]) else words
    return (words[0], words[1:]) if has_text and words else ("", [])


def _simple_commands(script: str) -> list[list[str]]:
    """Split a shell's text at `&&`, `;`, `|`, line breaks and their like; nothing for a text that does not parse."""
    text = COMMENT.sub("", script.replace("\\\n", ""))
    lexer = shlex.shlex(text, posix=True, punctuation_chars=BRANCHES)
    lexer.commenters = ""
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    commands: list[list[str]] = [[]]
    skip = False  # the word behind a redirection
    try:
        for word in lexer:
            if word.strip(BRANCHES):
                commands[-1] += [] if skip else [word]
                skip = False
            elif "<" in word or ">" in word:
                skip = True
            else:
                commands.append([])
                skip = False
    except ValueError:
        return []
    return [command for command in commands if command]
