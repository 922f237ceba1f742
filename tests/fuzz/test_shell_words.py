"""A container's command: any words are read without an error, and what is found is in them."""

from __future__ import annotations

from hypothesis import strategies as st

from entrypoint.shell_words import LAUNCHERS, RESERVED, SHELLS, airflow_commands
from tests.fuzz.budget import fuzz

WORDS = (*SHELLS, *LAUNCHERS, *RESERVED, *"airflow scheduler -c -- eval python -m X=Y".split())
SIGNS = (" ", "\n", *"; && | > << ' \" $@ $1 $ROLE ${ROLE:-x} $( ` # \\".split())
PARTS = st.sampled_from((*WORDS, *SIGNS)) | st.text(max_size=3)
SCRIPT = st.lists(PARTS, max_size=12).map(" ".join) | st.lists(PARTS, max_size=12).map("".join)


@fuzz(st.lists(PARTS | SCRIPT, max_size=8))
def test_any_command_is_read(words: list[str]) -> None:
    text = " ".join(words) + "$ROLE scheduler x"
    for command in airflow_commands(words, {"ROLE": "scheduler"}):
        assert all(isinstance(word, str) for word in command)
        assert "airflow" in text
