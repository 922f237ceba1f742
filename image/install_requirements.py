"""Installs the Python packages of requirements.txt into the image's environment, as root, while the image is built.

They are resolved together with the image's own requirements, so that Airflow keeps working.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from pathlib import Path

from image.dependency_files import DependencyFileError, raise_problems, run_and_exit
from image.passwords import has_password
from image.pip_settings import read_settings, uv_environ, uv_options
from image.requirement_entry import (
    RequirementEntry,
    describe,
    has_hash,
    is_option,
    lacks_name,
    option_problem,
    package_name,
    requires_hashes,
    values,
)
from image.requirement_lines import expanded_values, flatten, missing_file, read_requirements
from image.requirement_options import CONFIG_SETTINGS, EXTRA_INDEX_URL, INDEX_URL, PRE, TRUSTED_HOST
from image.uv import Uv, UvError
from image.uv_explanation import entries_at_fault, entries_for, with_locations

DATA_FOLDER = Path("/usr/local/share/astro-runtime")
# The image decides the versions of these packages.
IMAGE_MANAGED = {"apache-airflow", "apache-airflow-core", "apache-airflow-task-sdk", "astro-runtime"}
AIRFLOW_PIN = re.compile(r"^apache-airflow==(\S+)", re.MULTILINE)
REMEDY_OTHER_AIRFLOW = "delete the line; for another Airflow, name another tag of the image in FROM"
REMEDY_MISSING_FILE = (
    "of the project's files only packages.txt, requirements.txt and pip.conf are available during the installation:"
    " list packages or URLs in requirements.txt itself"
)
REMEDY_LITERAL = (
    "write ${NAME} instead, and pass its value"
    " with --secret id=build.env, or pass a pip.conf with --secret id=pip.conf"
)


class RequirementsInstaller:
    """Installs the entries of the list at `path` with `uv`, next to Airflow in version `airflow`."""

    def __init__(self, path: Path, entries: list[RequirementEntry], uv: Uv, airflow: str) -> None:
        self.path, self.entries, self.uv, self.airflow = path, entries, uv, airflow
        self.text = flatten(self.entries)

    def install(self) -> None:
        """Install the list. Raises DependencyFileError if any of it cannot be installed."""
        plan = self._plan()
        managed = sorted(plan & IMAGE_MANAGED)
        raise_problems(
            [
                f"{self._installs(name, self._origins(name))}; {decides(name, self.airflow)}"
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


def decides(name: str | None, airflow: str) -> str:
    """Return the rule that a list must not change the package."""
    return f"the image decides the version of {name}, and has Airflow {airflow}"


def problem(entry: RequirementEntry, airflow: str, *, in_layer: bool) -> str:
    """Return what is wrong with the entry on its own; empty for most.

    `in_layer`: the list is in a layer of the image, so that no password may be in it.
    """
    if in_layer and has_password(entry.text):
        return (
            f"{entry}: this line has a password, which would stay in a layer of the image; {REMEDY_LITERAL}"
        )
    if objection := option_problem(entry):
        return f"{entry}: {objection}"
    name = package_name(entry)
    if name in IMAGE_MANAGED:
        return f"{entry}: {decides(name, airflow)}; {REMEDY_OTHER_AIRFLOW}"
    file = missing_file(entry)
    return f"{entry}: there is no {file} where this list is installed; {REMEDY_MISSING_FILE}" if file else ""


def list_options(entries: list[RequirementEntry]) -> list[str]:
    """Return options of the list that uv takes on its command line only."""
    pre = any(option.name == PRE for entry in entries for option in entry.options)
    hosts = [value for entry in entries for value in values(entry, TRUSTED_HOST)]
    settings = [(package_name(entry), value) for entry in entries for value in values(entry, CONFIG_SETTINGS)]
    return [
        *(["--prerelease=allow"] if pre else []),
        *(f"--allow-insecure-host={host}" for host in hosts),
        *(f"--config-settings-package={name}:{value}" for name, value in settings),
    ]


def configured_uv(arguments: argparse.Namespace, entries: list[RequirementEntry], cache: str) -> Uv:
    """Return uv with what pip is configured to do, and with the options of the list."""
    settings = read_settings(os.environ)
    own_index = any(values(entry, INDEX_URL) for entry in entries)
    extra_index = any(values(entry, EXTRA_INDEX_URL) for entry in entries)
    return Uv(
        arguments.python,
        arguments.requirements,
        arguments.constraints,
        cache,
        uv_environ(settings, os.environ, own_index=own_index, extra_index=extra_index),
        (*uv_options(settings), *list_options(entries)),
        tuple(expanded_values(entries)),
    )


def main() -> None:
    """Read the command line and install."""
    parser = argparse.ArgumentParser(prog="install_requirements", description=__doc__)
    parser.add_argument("list", type=Path)
    parser.add_argument("--python", default=sys.executable, help="of the environment to install into")
    parser.add_argument("--in-layer", action="store_true", help="refuse passwords in the list")
    for name in ("requirements", "constraints"):
        default = DATA_FOLDER / f"{name}.txt"
        parser.add_argument(f"--{name}", type=Path, default=default, help="the image's own")
    arguments = parser.parse_args()
    entries = list(read_requirements(arguments.list))
    airflow = "".join(AIRFLOW_PIN.findall(arguments.constraints.read_text()))
    problems = [problem(entry, airflow, in_layer=arguments.in_layer) for entry in entries]
    raise_problems([text for text in problems if text])
    if all(is_option(entry) for entry in entries):
        return
    with tempfile.TemporaryDirectory() as cache:
        uv = configured_uv(arguments, entries, cache)
        RequirementsInstaller(arguments.list, entries, uv, airflow).install()


if __name__ == "__main__":
    run_and_exit(main)
