"""`make help`, and `make` alone, list the targets."""

from __future__ import annotations

import subprocess

from testing.entrypoint_process import CHECKOUT


def test_help_lists_every_target() -> None:
    listing = subprocess.run(
        ["make", "help"], cwd=CHECKOUT, capture_output=True, text=True, check=True
    ).stdout
    targets = {line.split()[0] for line in listing.splitlines()}
    assert {"help", "install", "run", "test", "lint", "bench", "clean"} <= targets
    assert (
        subprocess.run(["make"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout == listing
    )
