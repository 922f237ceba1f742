"""What is checked before a set-up step runs; tests/integration/start/test_setup_database.py runs the steps."""

from __future__ import annotations

import pytest

from entrypoint import setup_database
from entrypoint.command import PASSWORD, PASSWORD_COMMAND, SETUP_STEPS
from entrypoint.errors import SETUP_FAILED, UNAVAILABLE, StartError
from entrypoint.setup_database import run_setup

NEVER_RUN = {"PATH": "/nowhere"}


@pytest.mark.parametrize("steps", [["user"], ["migrate", "user"]])
def test_user_without_password_stops_start(steps: list[str]) -> None:
    lines: list[str] = []
    with pytest.raises(StartError) as error:
        run_setup(steps, {PASSWORD: "", **NEVER_RUN}, lines.append)
    assert error.value.code == SETUP_FAILED
    assert str(error.value) == (
        f"{SETUP_STEPS['user'][0]} is set; {PASSWORD} or {PASSWORD_COMMAND} must be set, too"
    )
    assert lines == []


@pytest.mark.parametrize("step", ["migrate", "user"])
def test_step_that_waits_for_too_long_can_be_tried_again(step: str) -> None:
    with pytest.raises(StartError, match=f"^gave up on the {step} step") as error:
        setup_database._handle_exit(step, setup_database.LOCKED, print)
    assert error.value.code == UNAVAILABLE


def test_deprecated_variable_is_logged_with_its_replacement() -> None:
    current, deprecated = SETUP_STEPS["migrate"]
    lines: list[str] = []
    run_setup([], {deprecated: "true", **NEVER_RUN}, lines.append)
    assert lines == [f"{deprecated} is deprecated; use {current}"]
