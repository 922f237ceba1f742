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

from image.dependency_files import raise_problems, run_and_exit
from image.pip_options import REQUIRE_HASHES, location
from image.pip_settings import check_settings, read_settings, requires_hashes, uv_environ, uv_options
from image.requirement_entry import RequirementEntry, is_option, package_name, values
from image.requirement_lines import expanded_values, read_requirements
from image.requirement_options import CONFIG_SETTINGS, EXTRA_INDEX_URL, INDEX_URL, PRE, TRUSTED_HOST
from image.requirement_problems import problem
from image.requirements_installer import RequirementsInstaller
from image.uv import Uv

DATA_FOLDER = Path("/usr/local/share/astro-runtime")
AIRFLOW_PIN = re.compile(r"^apache-airflow==(\S+)", re.MULTILINE)


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


def configured_uv(
    arguments: argparse.Namespace, entries: list[RequirementEntry], settings: dict[str, str], cache: str
) -> Uv:
    """Return uv with what pip is configured to do, and with the options of the list."""
    has_index_url = any(values(entry, INDEX_URL) for entry in entries)
    has_extra_index_url = any(values(entry, EXTRA_INDEX_URL) for entry in entries)
    return Uv(
        arguments.python,
        arguments.requirements,
        arguments.constraints,
        cache,
        uv_environ(
            settings,
            os.environ,
            has_index_url=has_index_url,
            has_extra_index_url=has_extra_index_url,
        ),
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
    settings = read_settings(os.environ)
    check_settings(settings)
    hashes_required_by = location(REQUIRE_HASHES) if requires_hashes(settings) else ""
    with tempfile.TemporaryDirectory() as cache:
        uv = configured_uv(arguments, entries, settings, cache)
        RequirementsInstaller(arguments.list, entries, uv, airflow, hashes_required_by).install()


if __name__ == "__main__":
    run_and_exit(main)
