"""`airflow tasks run` imports no auth manager, and is parsed as before; other commands are as with stock Airflow."""

from __future__ import annotations

from typing import Any

import pytest

from testing.proof import Proof

RUN = ("tasks", "run", "dag", "task", "run", "--local")


def observe(proof: Proof, *words: str) -> Any:
    return proof.run("needless_auth_manager", *words)


def test_command_that_runs_a_task_imports_no_auth_manager(proof: Proof) -> None:
    seen = observe(proof, *RUN)
    assert seen["imported"] is proof.expect(stock=True, fixed=False)
    assert seen["own"] == {"subcommand": "run", "dag_id": "dag", "local": True}


def test_commands_of_the_auth_manager_are_there_when_the_process_parses_them(half: Proof) -> None:
    assert observe(half, *RUN)["other"] == [
        {"subcommand": "list", "output": "json"},
        {"subcommand": "clear"},
    ]


@pytest.mark.parametrize("words", [("tasks", "list", "dag"), ("db", "check")], ids=" ".join)
def test_any_other_command_imports_the_auth_manager(half: Proof, words: tuple[str, ...]) -> None:
    assert observe(half, *words)["imported"] is True
