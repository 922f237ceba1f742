"""Variables within values: `$SLOTS`, `${SLOTS}` and `~`."""

from __future__ import annotations

import os

from entrypoint.errors import StartError

MAX_EXPANSIONS = 50  # how often a variable may lead to another


def expand(text: str, where: str = "a value") -> str:
    """Fill in variables until nothing changes, as Airflow's `expand_env_var` does.

    Raises StartError, which names `where` and not the text, where it would never end; Airflow hangs there.
    """
    for _ in range(MAX_EXPANSIONS):
        if "$" not in text and not text.startswith("~"):
            return text
        filled = os.path.expanduser(os.path.expandvars(text))
        if filled == text:
            return text
        text = filled
    raise StartError(
        f"{where} refers to a variable that refers to itself without end; it must come to a value"
    )
