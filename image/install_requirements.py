"""Installs the Python packages of requirements.txt beside Airflow, while the image is built, as root.

They are resolved together with what the image itself was made from, so that Airflow goes on working.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from image.copies import copy
from image.lists import Entry, ListError, refuse, run, shortest
from image.requirement_lines import (
    asks_for_hashes,
    has_hash,
    is_option,
    missing_file,
    named,
    shown,
    walk,
)
from image.resolver import Resolver, UvError

OURS = Path("/usr/local/share/astro-runtime")
# Packages whose version the image decides.
DECIDED = {"apache-airflow", "apache-airflow-core", "apache-airflow-task-sdk", "astro-runtime"}
PIN = re.compile(r"^apache-airflow==(\S+)", re.MULTILINE)
AT_FAULT = re.compile(r"Failed to [\w ]+ `([\w.-]+)")
ANOTHER_AIRFLOW = "delete the line, and for another Airflow name another tag of the image in FROM"
NO_FILES = (
    "of a project's files, only packages.txt and requirements.txt are there: write packages or URLs into it"
)
ABOVE = "uv's explanation stands above"


class Project:
    """The list of a project, at `path`, and the resolver that installs it."""

    def __init__(self, path: Path, resolver: Resolver) -> None:
        self.path = path
        self.resolver = resolver
        self.airflow = "".join(PIN.findall(resolver.constraints.read_text()))
        # An option holds for every line, so the options come first.
        self.lines = sorted(walk(path), key=lambda line: not is_option(line))

    def install(self) -> None:
        """Install what the list names. Raises ListError where something of it cannot be installed."""
        refuse([problem for line in self.lines if (problem := self._refusal(line))])
        if all(is_option(line) for line in self.lines):
            return
        plan = self._resolve()
        refuse([f"{self._culprit(name)}; {self._decides(name)}" for name in sorted(plan & DECIDED)])
        self._check_hashes(plan)
        self._carry_out(plan)

    def _refusal(self, line: Entry) -> str:
        """Return what is wrong with the line by itself; nothing for most."""
        if named(line) in DECIDED:
            return f"{line}: {self._decides(named(line))}; {ANOTHER_AIRFLOW}"
        file = missing_file(line)
        return f"{line}: there is no {file} where this list is installed; {NO_FILES}" if file else ""

    def _decides(self, name: str | None) -> str:
        return f"the image decides the version of {name}, and has Airflow {self.airflow}"

    def _resolve(self) -> set[str]:
        """Return the names of the packages that the list would install."""
        try:
            return self._plan(self.lines)
        except UvError:
            lines = shortest(self.lines, self._objection)
        raise ListError(
            f"{self._objection(lines)}{self._last(lines)} cannot be installed beside Airflow {self.airflow}"
            f" and the lines above; {ABOVE}"
        )

    def _check_hashes(self, plan: set[str]) -> None:
        """Hold pip's rule: where a line asks for hashes, every package that is installed needs one."""
        asking = [line for line in self.lines if asks_for_hashes(line)]
        hashed = {named(line) for line in self.lines if has_hash(line)}
        bare = sorted(plan - hashed) if asking else []
        refuse([f"{self._culprit(name)}, which has no --hash; {asking[0]} asks for hashes" for name in bare])

    def _carry_out(self, plan: set[str]) -> None:
        try:
            with copy(self.path, self.lines) as whole:
                self.resolver.install(whole)
            self.resolver.check()
        except UvError as error:
            at_fault = [name for name in AT_FAULT.findall(str(error)) if name in plan]
            where = self._culprit(at_fault[0]) if at_fault else f"{self.path}: uv installs and checks it"
            raise ListError(f"{where}, and that failed; {ABOVE}") from None

    def _plan(self, lines: Sequence[Entry]) -> set[str]:
        """Return the names of the packages that these lines would install. Raises UvError."""
        with copy(self.path, lines) as part:
            return self.resolver.plan(part)

    def _objection(self, lines: Sequence[Entry]) -> str:
        """Return what uv says against these lines; nothing where it would install them."""
        try:
            self._plan(lines)
        except UvError as error:
            return str(error)
        return ""

    def _culprit(self, name: str) -> str:
        """Say which line brings in the package, itself or as what another one needs."""

        def bring_it(lines: Sequence[Entry]) -> bool:
            try:
                return name in self._plan(lines)
            except UvError:
                return False

        naming = [line for line in self.lines if named(line) == name]
        return f"{self._last(naming[:1] or shortest(self.lines, bring_it))} installs {name}"

    def _last(self, lines: Sequence[Entry]) -> str:
        return f"{lines[-1]}: {shown(lines[-1])}" if lines else f"{self.path}: the list"


def main() -> None:
    """Read the command line and install."""
    parser = argparse.ArgumentParser(prog="install_requirements", description=__doc__)
    parser.add_argument("list", type=Path)
    parser.add_argument("--python", default=sys.executable, help="of the environment to install into")
    parser.add_argument(
        "--requirements", type=Path, default=OURS / "requirements.txt", help="the image's own"
    )
    parser.add_argument("--constraints", type=Path, default=OURS / "constraints.txt", help="the image's own")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        resolver = Resolver(arguments.python, arguments.requirements, arguments.constraints, cache)
        Project(arguments.list, resolver).install()


if __name__ == "__main__":
    run(main)
