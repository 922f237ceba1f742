"""Runs `uv pip` for a list of requirements together with the image's own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE, STDOUT, Popen
from tempfile import NamedTemporaryFile, TemporaryFile
from typing import IO

from image.passwords import mask
from image.pip_settings import AS_PIP, AS_UV, STRATEGY

# "hint: An index URL (http://...) could not be queried due to a lack of valid authentication credentials"
REFUSED_LOGIN = "authentication credentials"


class UvError(Exception):
    """uv failed; `str()` is its explanation, with credentials masked."""


@dataclass(frozen=True)
class Uv:
    """`uv pip` for the environment of `python`.

    `requirements` and `constraints` are the image's own, which keep Airflow working. `cache` is a folder for downloads,
    `options` are more options for each installation, and `environ` is what uv gets. Values of `secrets` are masked.
    """

    python: str
    requirements: Path
    constraints: Path
    cache: str
    environ: Mapping[str, str]
    options: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()

    def plan(self, text: str, *options: str) -> set[str]:
        """Return the names of the packages that installing the list would change. Raises UvError."""
        with _as_file(text) as stdin:
            process = subprocess.run(
                self._install_command("--dry-run", "--output-format=json", *options),
                env=self._environ(),
                stdin=stdin,
                capture_output=True,
                text=True,
                errors="replace",
            )
        if process.returncode:
            raise UvError(self._redact(process.stderr))
        changes = json.loads(process.stdout)["changes"]
        return {change["name"] for change in changes if change["action"] != "uninstalled"}

    def explain(self, text: str, name: str) -> str:
        """Return why the list needs the package: uv's objection to resolving it without; empty if it has none."""
        with NamedTemporaryFile("w", suffix=".txt", dir=self.cache) as constraint:
            constraint.write(f"{name}<0\n")
            constraint.flush()
            try:
                self.plan(text, f"--constraints={constraint.name}")
            except UvError as error:
                return str(error)
        return ""

    def refused_logins(self, text: str) -> str:
        """Return uv's lines about indexes that refuse the login. It has them only if it searches in its own way."""
        try:
            self.plan(text, f"--index-strategy={AS_UV}")
        except UvError as error:
            return "".join(f"{line}\n" for line in str(error).splitlines() if REFUSED_LOGIN in line)
        return ""

    def install(self, text: str) -> None:
        """Install the list, compiled to bytecode, showing uv's output. Raises UvError."""
        self._show(self._install_command("--compile-bytecode"), text)

    def check(self) -> None:
        """Raise UvError if an installed package lacks a dependency or has it in a version that it does not accept."""
        self._show(self._command("check"))

    def _show(self, command: Sequence[str], text: str = "") -> None:
        """Print uv's output to standard error while it runs."""
        output = []
        with (
            _as_file(text) as stdin,
            Popen(
                command,
                env=self._environ(),
                stdin=stdin,
                stdout=PIPE,
                stderr=STDOUT,
                text=True,
                errors="replace",
            ) as process,
        ):
            for line in process.stdout or ():
                output.append(self._redact(line))
                print(output[-1], end="", file=sys.stderr, flush=True)
        if process.returncode:
            raise UvError("".join(output))

    def _install_command(self, *options: str) -> list[str]:
        lists = [
            "--requirements=-",
            f"--requirements={self.requirements}",
            f"--constraints={self.constraints}",
        ]
        return self._command("install", *lists, *self.options, *options)

    def _command(self, name: str, *options: str) -> list[str]:
        return ["uv", "pip", name, f"--python={self.python}", *options]

    @property
    def searches_as_pip(self) -> bool:
        """Whether uv takes the best version of several indexes."""
        return self.environ.get(STRATEGY) == AS_PIP

    def _environ(self) -> dict[str, str]:
        return {**self.environ, "UV_CACHE_DIR": self.cache, "UV_NO_WRAP": "1"}

    def _redact(self, text: str) -> str:
        """Mask passwords, because uv quotes lines and the addresses that it made of them."""
        return mask(text, self.secrets)


@contextmanager
def _as_file(text: str) -> Iterator[IO[str]]:
    with TemporaryFile("w+", encoding="utf-8") as file:
        file.write(text)
        file.seek(0)
        yield file
