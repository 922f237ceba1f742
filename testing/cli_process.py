"""Runs the real `astro-runtime` command: the installed one, or a copy of the packages with another catalogue."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from astro_runtime_plugin.releases.current import CATALOGUE
from testing.entrypoint_process import CHECKOUT, environment

PACKAGES = ("astro_runtime_plugin", "entrypoint")
PROGRAM = "import sys; from astro_runtime_plugin.cli import main; sys.argv[0] = 'astro-runtime'; main()"


def run_astro_runtime(home: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command."""
    return _run(home, [str(Path(sys.executable).parent / "astro-runtime"), *words], environ)


class PackageCopy:
    """A copy of the packages in `home`."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.path = home / "copy"
        for package in PACKAGES:
            shutil.copytree(CHECKOUT / package, self.path / package)
        self.catalogue = self.path / CATALOGUE.relative_to(CHECKOUT)

    def change_release(self, name: str, **facts: object) -> None:
        """Change the facts of a release in the copy's catalogue."""
        catalogue: dict[str, list[dict[str, Any]]] = json.loads(self.catalogue.read_text())
        (row,) = (row for row in catalogue["releases"] if row["release"] == name)
        row.update(facts)
        self.catalogue.write_text(json.dumps(catalogue))

    def run(self, *words: str, interpreter_options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        """Run the copy's command."""
        environ = {"PYTHONPATH": str(self.path)}
        return _run(self.home, [sys.executable, *interpreter_options, "-c", PROGRAM, *words], environ)


def _run(home: Path, words: list[str], environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words, env=environment(home, environ), cwd=home, capture_output=True, text=True, timeout=300
    )
