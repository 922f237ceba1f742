"""Runs the real `astro-runtime` command: the installed one, or a copy of the package with another catalogue."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from astro_runtime_plugin.releases.current import CATALOGUE
from testing.entrypoint_process import CHECKOUT, environment

COMMAND = "import sys; from astro_runtime_plugin.cli import main; sys.argv[0] = 'astro-runtime'; main()"


def astro_runtime(home: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command to its end."""
    return _run(home, [str(Path(sys.executable).parent / "astro-runtime"), *words], environ)


class Copy:
    """A copy of the packages in a folder of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.path = home / "copy"
        for package in ("astro_runtime_plugin", "entrypoint"):
            shutil.copytree(CHECKOUT / package, self.path / package)
        self.catalogue = self.path / "astro_runtime_plugin" / CATALOGUE.name

    def change(self, release: str, **facts: object) -> None:
        """Give a release of the copy's catalogue other facts."""
        held: dict[str, list[dict[str, Any]]] = json.loads(self.catalogue.read_text())
        (row,) = (row for row in held["releases"] if row["release"] == release)
        row.update(facts)
        self.catalogue.write_text(json.dumps(held))

    def run(self, *words: str, python: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        """Run the copy's command with the options `python` for the interpreter."""
        found = {"PYTHONPATH": str(self.path)}
        return _run(self.home, [sys.executable, *python, "-c", COMMAND, *words], found)


def _run(home: Path, words: list[str], environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words, env=environment(home, environ), cwd=home, capture_output=True, text=True, timeout=60
    )
