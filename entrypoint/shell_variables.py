"""Replaces the variables in the words of a shell command, as far as the environment and the arguments have them."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Such as $ROLE, $1, ${ROLE}, ${ROLE-scheduler}, ${ROLE:-$OTHER} and ${ROLE:-${OTHER}}.
VARIABLE = re.compile(
    r"\$(?:(?P<name>[A-Za-z_]\w*|[0-9])|\{(?P<braced>[A-Za-z_]\w*|[0-9]{1,2})"
    r"(?::?-(?P<default>(?:[^${}]|\$(?!\{)|\$\{[^{}]*\})*))?\})",
    re.ASCII,
)
ARGUMENT = re.compile(r"\$(?:[0-9]|\{[0-9]{1,2}\})")


def expand(
    words: Sequence[str], environ: Mapping[str, str] | None, arguments: Sequence[str] = ()
) -> list[str]:
    """Replace variables such as `$ROLE`, `${ROLE:-scheduler}`, `$1` and `"$@"`, and split the values as a shell does.

    A variable that is not set stays as it is, because the script may set it. So does each one without `environ`.
    """
    return [part for word in words for part in _expand_word(word, environ, arguments)]


def _expand_word(word: str, environ: Mapping[str, str] | None, arguments: Sequence[str]) -> Sequence[str]:
    if word in ("$@", "$*"):
        return arguments[1:]
    if not VARIABLE.search(word):
        return [word]
    text = _replace_variables(word, environ, arguments)
    if environ is None or ARGUMENT.fullmatch(word):
        return [text] if text else []
    return text.split()


def _replace_variables(text: str, environ: Mapping[str, str] | None, arguments: Sequence[str]) -> str:
    def value_of(match: re.Match[str]) -> str:
        name, default = match["name"] or match["braced"], match["default"]
        if name.isdecimal():
            value = "".join(arguments[int(name) : int(name) + 1])
        elif environ is None or (name not in environ and default is None):
            return match[0]
        else:
            value = environ.get(name, "")
        return value or _replace_variables(default or "", environ, arguments)

    return VARIABLE.sub(value_of, text)
