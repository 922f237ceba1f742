"""Patterns of values and DAG ids: `*` stands for any characters, `?` for one, and all else for itself."""

from __future__ import annotations

import re
from fnmatch import translate
from functools import lru_cache

WILDCARDS = frozenset("*?")


def has_wildcard(pattern: str) -> bool:
    """Whether a pattern can match more than itself."""
    return not WILDCARDS.isdisjoint(pattern)


@lru_cache(maxsize=4096)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Return the expression for `fullmatch`; it compares code points, so a look-alike letter is another letter.

    `fnmatch` builds expressions that do not backtrack; its `[...]` is not ours, so a bracket stands for itself.
    """
    return re.compile(translate(pattern.replace("[", "[[]")))


def matches(pattern: str, text: str) -> bool:
    """Whether the whole of `text` is as `pattern` says."""
    if not has_wildcard(pattern):
        return pattern == text
    return compile_pattern(pattern).fullmatch(text) is not None
