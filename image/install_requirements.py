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
from image.requirement_lines import asks_for_hashes, has_hash, is_option, named, shown, walk
from image.resolver import Resolver, UvError

OURS = Path("/usr/local/share/astro-runtime")
# Packages whose version the image decides.
DECIDED = {"apache-airflow", "apache-airflow-core", "apache-airflow-task-sdk", "astro-runtime"}
PIN = re.compile(r"^apache-airflow==([\w.]+)", re.MULTILINE)
AT_FAULT = re.compile(r"Failed to [\w ]+ `([\w.-]+)")


class Project:
    """The list of a project, at `path`, and the resolver that installs it."""

    def __init__(self, path: Path, resolver: Resolver) -> None:
        self.path = path
        self.resolver = resolver
        self.airflow = "".join(PIN.findall(resolver.constraints.read_text()))
        # An option holds for every line, so they come first.
        self.lines = sorted(walk(path), key=lambda line: not is_option(line))

    def install(self) -> None:
        """Install what the list names. Raises ListError where something of it cannot be installed."""
        refuse([self._refusal(line) for line in self.lines if named(line) in DECIDED])
        if all(is_option(line) for line in self.lines):
            return
        try:
            plan = self._plan(self.lines)
        except UvError:
            raise ListError(self._why()) from None
        refuse([f"{self._bringing(name)}; {self._decided(name)}" for name in sorted(plan & DECIDED)])
        self._check_hashes(plan)
        self._carry_out()

    def _check_hashes(self, plan: set[str]) -> None:
        asking = [line for line in self.lines if asks_for_hashes(line)]
        hashed = {named(line) for line in self.lines if has_hash(line)}
        bare = sorted(plan - hashed) if asking else []
        refuse([f"{self._bringing(name)}, which has no --hash; {asking[0]} asks for hashes" for name in bare])

    def _carry_out(self) -> None:
        try:
            with copy(self.path, self.lines) as whole:
                self.resolver.install(whole)
        except UvError as error:
            at_fault = AT_FAULT.search(str(error))
            where = self._bringing(at_fault[1]) if at_fault else f"{self.path}: uv cannot install it"
            raise ListError(f"{where}; uv's explanation stands above") from None
        try:
            self.resolver.check()
        except UvError as error:
            raise ListError(f"{error}{self.path}: ...") from None

    def _plan(self, lines: Sequence[Entry]) -> set[str]:
        """Return the names of the packages that these lines would install. Raises UvError."""
        with copy(self.path, lines) as part:
            return self.resolver.plan(part)
