"""What the tests of the wait share."""

from __future__ import annotations

from pathlib import Path

import pytest

from testing.entrypoint_process import environment


@pytest.fixture
def component(tmp_path: Path) -> dict[str, str]:
    """Return a PATH on which `airflow` is a program that prints that it started: only the wait is under test."""
    program = tmp_path / "bin" / "airflow"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho started "$@"\n')
    program.chmod(0o755)
    return {"PATH": f"{program.parent}:{environment(tmp_path)['PATH']}"}
