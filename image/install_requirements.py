"""Installs the Python packages of requirements.txt into the image's environment, as root, while the image is built.

They are resolved together with the image's own requirements, so that Airflow keeps working.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from pathlib import Path

from image.dependency_files import DependencyFileError, Entry, raise_problems, run_and_exit
from image.requirement_entry import describe, has_hash, is_option, lacks_name, package_name, requires_hashes
from image.requirement_lines import flatten, missing_file, read_requirements
from image.uv import Uv, UvError
from image.uv_explanation import entries_at_fault, entries_for, with_locations

DATA_FOLDER = Path("/usr/local/share/astro-runtime")
# The image decides the versions of these packages.
IMAGE_MANAGED = {"apache-airflow", "apache-airflow-core", "apache-airflow-task-sdk", "astro-runtime"}
AIRFLOW_PIN = re.compile(r"^apache-airflow==(\S+)", re.MULTILINE)
REMEDY_OTHER_AIRFLOW = "delete the line; for another Airflow, name another tag of the image in FROM"
REMEDY_MISSING_FILE = (
    "of the project's files only packages.txt and requirements.txt are available during the installation:"
    " list packages or URLs in requirements.txt itself"
)


class RequirementsInstaller:
    """Installs the requirements list at `path` with `uv`."""

    def __init__(self, path: Path, uv: Uv) -> None:
        self.path = path
        self.uv = uv
        self.airflow = "".join(AIRFLOW_PIN.findall(uv.constraints.read_text()))
        self.entries = list(read_requirements(path))
        self.text = flatten(self.entries)

    def install(self) -> None:
        """Install the list. Raises DependencyFileError if any of it cannot be installed."""
        raise_problems([problem for entry in self.entries if (problem := self._problem(entry))])
        if all(is_option(entry) for entry in self.entries):
            return
        plan = self._plan()
        managed = sorted(plan & IMAGE_MANAGED)
        raise_problems(
            [f"{self._installs(name, self._origins(name))}; {self._decides(name)}" for name in managed]
        )
        self._check_hashes(plan)
        self._carry_out()

    def _problem(self, entry: Entry) -> str:
        """Return what is wrong with the entry on its own; empty for most."""
        name = package_name(entry)
        if name in IMAGE_MANAGED:
            return f"{entry}: {self._decides(name)}; {REMEDY_OTHER_AIRFLOW}"
        file = missing_file(entry)
        return (
            f"{entry}: there is no {file} where this list is installed; {REMEDY_MISSING_FILE}" if file else ""
        )

    def _decides(self, name: str | None) -> str:
        return f"the image decides the version of {name}, and has Airflow {self.airflow}"

    def _plan(self) -> set[str]:
        try:
            return self.uv.plan(self.text)
        except UvError as error:
            explanation = with_locations(str(error), self.entries)
            print(explanation, end="", file=sys.stderr, flush=True)
            raise self._failure(explanation) from None

    def _check_hashes(self, plan: set[str]) -> None:
        """Apply pip's rule: if one line requires hashes, every package that is installed needs one."""
        requiring = [entry for entry in self.entries if requires_hashes(entry)]
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

    def _origins(self, name: str) -> list[Entry]:
        """Return the entries that install the package, themselves or as a dependency; none if that is unclear."""
        if entries := entries_for(name, self.entries):
            return entries
        if entries := entries_at_fault(self.uv.explain(self.text, name), self.entries):
            return entries
        unnamed = [entry for entry in self.entries if lacks_name(entry)]
        return unnamed if len(unnamed) == 1 else []

    def _installs(self, name: str, entries: list[Entry]) -> str:
        subject = f"{entries[0]}: {describe(entries[0])}" if entries else f"{self.path}: the list"
        return f"{subject} installs {name}"


def main() -> None:
    """Read the command line and install."""
    parser = argparse.ArgumentParser(prog="install_requirements", description=__doc__)
    parser.add_argument("list", type=Path)
    parser.add_argument("--python", default=sys.executable, help="of the environment to install into")
    for name in ("requirements", "constraints"):
        default = DATA_FOLDER / f"{name}.txt"
        parser.add_argument(f"--{name}", type=Path, default=default, help="the image's own")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        uv = Uv(arguments.python, arguments.requirements, arguments.constraints, cache)
        RequirementsInstaller(arguments.list, uv).install()


if __name__ == "__main__":
    run_and_exit(main)
