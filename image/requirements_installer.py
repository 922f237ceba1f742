"""Installs the entries of requirements.txt with uv, and finds the lines at fault if that fails."""

from __future__ import annotations

import sys
from pathlib import Path

from image.dependency_files import DependencyFileError, raise_problems
from image.requirement_entry import (
    RequirementEntry,
    describe,
    has_hash,
    lacks_name,
    package_name,
    requires_hashes,
)
from image.requirement_lines import flatten
from image.requirement_problems import IMAGE_MANAGED, image_decides
from image.uv import Uv, UvError
from image.uv_explanation import entries_at_fault, entries_for, with_locations


class RequirementsInstaller:
    """Installs the entries of the list at `path` with `uv`, next to Airflow in version `airflow`.

    `hashes_required_by`: the setting that makes every package need a hash; empty if there is none.
    """

    def __init__(
        self, path: Path, entries: list[RequirementEntry], uv: Uv, airflow: str, hashes_required_by: str = ""
    ) -> None:
        self.path, self.entries, self.uv, self.airflow = path, entries, uv, airflow
        self.hashes_required_by = hashes_required_by
        self.text = flatten(self.entries)

    def install(self) -> None:
        """Install the list. Raises DependencyFileError if any of it cannot be installed."""
        plan = self._plan()
        managed = sorted(plan & IMAGE_MANAGED)
        raise_problems(
            [
                f"{self._installs(name, self._origins(name))}; {image_decides(name, self.airflow)}"
                for name in managed
            ]
        )
        self._check_hashes(plan)
        self._carry_out()

    def _plan(self) -> set[str]:
        try:
            return self.uv.plan(self.text)
        except UvError as error:
            explanation = with_locations(str(error), self.entries)
            if self.uv.searches_as_pip:
                explanation += self.uv.refused_logins(self.text)
            print(explanation, end="", file=sys.stderr, flush=True)
            raise self._failure(explanation) from None

    def _check_hashes(self, plan: set[str]) -> None:
        """Apply pip's rule: if one line or setting requires hashes, every package that is installed needs one."""
        requiring = [str(entry) for entry in self.entries if requires_hashes(entry)]
        requiring += [self.hashes_required_by] if self.hashes_required_by else []
        hashed = {package_name(entry) for entry in self.entries if has_hash(entry)}
        missing = sorted(plan - hashed) if requiring else []
        raise_problems(
            [
                f"{self._installs(name, entries_for(name, self.entries))}, which has no --hash;"
                f" {requiring[0]} requires hashes"
                for name in missing
            ]
        )

    def _carry_out(self) -> None:
        try:
            self.uv.install(self.text)
        except UvError as error:
            raise self._failure(str(error)) from None
        try:
            self.uv.check()
        except UvError:
            raise DependencyFileError(
                f"{self.path}: the installed packages do not fit together; see uv's explanation above"
            ) from None

    def _failure(self, explanation: str) -> DependencyFileError:
        """Return an error that names the lines at fault, or the list if uv's explanation names none of them."""
        lines = [f"{entry}: {describe(entry)}" for entry in entries_at_fault(explanation, self.entries)]
        reason = (
            f"cannot be installed with Airflow {self.airflow} and the other requirements;"
            " see uv's explanation above"
        )
        return DependencyFileError(
            "\n".join(f"{line} {reason}" for line in lines or [f"{self.path}: the list"])
        )

    def _origins(self, name: str) -> list[RequirementEntry]:
        """Return the entries that install the package, themselves or as a dependency; none if that is unclear."""
        if entries := entries_for(name, self.entries):
            return entries
        if entries := entries_at_fault(self.uv.explain(self.text, name), self.entries):
            return entries
        unnamed = [entry for entry in self.entries if lacks_name(entry)]
        return unnamed if len(unnamed) == 1 else []

    def _installs(self, name: str, entries: list[RequirementEntry]) -> str:
        subject = f"{entries[0]}: {describe(entries[0])}" if entries else f"{self.path}: the list"
        return f"{subject} installs {name}"
