"""Another build of the Runtime, to which a system can be upgraded: a copy whose image has another tag."""

from __future__ import annotations

import shutil
from pathlib import Path

from testing.entrypoint_process import CHECKOUT

PACKAGES = ("entrypoint", "astro_runtime_plugin", "testing")
TAG = "another"


def copy_build(folder: Path) -> dict[str, str]:
    """Copy this build into a folder, and return the variables with which a process runs it."""
    for package in PACKAGES:
        shutil.copytree(CHECKOUT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    return {"PYTHONPATH": str(folder), "ASTRO_RUNTIME_IMAGE_TAG": TAG}
