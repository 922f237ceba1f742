"""`make help`, which `make` alone prints, too."""

from __future__ import annotations

import subprocess

from testing.entrypoint_process import CHECKOUT


def test_make_help_lists_every_target_that_is_meant_for_people() -> None:
    asked = subprocess.run(["make", "help"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    targets = {line.split()[0] for line in asked.splitlines()}
    assert {"help", "install", "run", "test", "lint", "bench", "clean"} <= targets
    assert subprocess.run(["make"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout == asked
