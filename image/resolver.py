"""What uv is asked: what it would install, to install it, and whether all that is installed fits together."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE, STDOUT, Popen

from image.copies import original

# The user and the password in a URL: up to its last @ where a colon parts them, else up to the end of its host.
CREDENTIALS = re.compile(r"(:/{1,2})(?:[^\s/@:]*:\S*|[^\s/@]*)@")


class UvError(Exception):
    """uv could not; `str()` is its explanation."""


@dataclass(frozen=True)
class Resolver:
    """uv, for the environment of `python`, where `requirements` and `constraints` keep Airflow working.

    `cache` is the folder of what was downloaded.
    """

    python: str
    requirements: Path
    constraints: Path
    cache: str

    def plan(self, path: Path) -> set[str]:
        """Return the names of the packages that the list at `path` would install. Raises UvError."""
        told = self._ask("install", *self._what(path), "--dry-run", "--output-format=json")
        changes = json.loads(told)["changes"]
        return {change["name"] for change in changes if change["action"] != "uninstalled"}

    def install(self, path: Path) -> None:
        """Install the list at `path`, compiled to bytecode, for all to see. Raises UvError."""
        self._show("install", *self._what(path), "--compile-bytecode")

    def check(self) -> None:
        """Raise UvError where an installed package lacks another, or has one whose version does not suit it."""
        self._show("check")

    def _ask(self, *words: str) -> str:
        """Return uv's answer."""
        done = subprocess.run(
            self._words(*words), env=self._environ(), capture_output=True, text=True, errors="replace"
        )
        if done.returncode:
            raise UvError(presentable(done.stderr))
        return done.stdout

    def _show(self, *words: str) -> None:
        """Show what uv says, while it says it."""
        said = []
        command = self._words(*words)
        with Popen(
            command, env=self._environ(), stdout=PIPE, stderr=STDOUT, text=True, errors="replace"
        ) as uv:
            for line in uv.stdout or ():
                said.append(presentable(line))
                print(said[-1], end="", file=sys.stderr, flush=True)
        if uv.returncode:
            raise UvError("".join(said))

    def _words(self, command: str, *options: str) -> list[str]:
        return ["uv", "pip", command, f"--python={self.python}", *options]

    def _what(self, path: Path) -> list[str]:
        return [
            f"--requirements={path}",
            f"--requirements={self.requirements}",
            f"--constraints={self.constraints}",
        ]

    def _environ(self) -> dict[str, str]:
        return {**os.environ, "UV_CACHE_DIR": self.cache}


def presentable(said: str) -> str:
    """Mask passwords, because uv quotes a line that it cannot read; name lists, not their copies."""
    return original(CREDENTIALS.sub(r"\1****@", said))
