"""The airflow commands in a shell script, as in `bash -c 'airflow db migrate && exec airflow scheduler'`."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from itertools import dropwhile, groupby

SCRIPT_OPTION = re.compile(r"-[A-Za-z]*c[A-Za-z]*")  # -c, -ec, -lc
# In a script: a comment, the operators between two commands, and the words that may come before a command's name.
COMMENT = re.compile(r"(?m)(?:^|(?<=\s))#.*$")
OPERATORS = frozenset("();<>|&")
PREFIXES = ("exec", "env", "nohup", "time", "then", "do", "else", "!", "{")
VARIABLE = re.compile(r"\$(?:(?P<name>\w+)|\{(?P<braced>\w+)(?::?-(?P<default>[^}$]*))?\})")


def script_subcommands(script: str) -> list[tuple[str, ...]]:
    """Return the airflow subcommands of a script in its order."""
    return [
        tuple(words[1:])
        for words in map(strip_prefix, split_commands(script))
        if words and os.path.basename(words[0]) == "airflow"
    ]


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


def expand(words: Sequence[str], environ: Mapping[str, str]) -> tuple[str, ...]:
    """Replace `$NAME`, `${NAME}` and `${NAME:-default}`, and split the values as a shell does."""
    return tuple(part for word in words for part in expand_word(word, environ))


def expand_word(word: str, environ: Mapping[str, str]) -> list[str]:
    """Return the words that a shell makes of one; a variable that is not set stays as it is."""

    def value(match: re.Match[str]) -> str:
        default = match["default"]
        text = environ.get(match["name"] or match["braced"])
        return text or default or "" if default is not None else match[0] if text is None else text

    return VARIABLE.sub(value, word).split() if VARIABLE.search(word) else [word]
