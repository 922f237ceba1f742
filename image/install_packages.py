"""Installs the Debian packages of packages.txt, as root, while the image is built.

Needs only Python 3.10 and apt.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from image.dependency_files import (
    DependencyEntry,
    DependencyFileError,
    raise_problems,
    read_lines,
    run_and_exit,
)

# Without Pattern-Only, apt-get takes an unknown name with a dot for a regular expression and installs what matches.
# Without Error-Mode, an unreachable archive is only a warning, and all its packages are unknown.
APT_GET = (
    "apt-get -o APT::Cmd::Pattern-Only=true -o APT::Update::Error-Mode=any"
    " -o Acquire::Retries=3 -o Dpkg::Use-Pty=0"
).split()
# What the image has stays: a package that conflicts with it is refused.
INSTALL = "install -y --no-install-recommends --no-remove".split()
# English, because apt-get's output is parsed; no questions, because nobody can answer them.
ENVIRON = {**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}

# Source: Debian Policy 5.6.1 and 5.6.12. To apt-get, a hyphen at the end of a word means "remove".
PACKAGE = re.compile(
    r"[a-z0-9][a-z0-9.+-]*[a-z0-9.+](:[a-z0-9-]*[a-z0-9])?(=[\w.+~:*-]*[\w.+~*]|/[\w.+~-]*[\w.+~])?", re.ASCII
)
REMEDY_UNKNOWN = (
    "; for a package from its vendor's repository, build on the -base tag, which takes any instruction"
)
UNKNOWN = ("Unable to locate package", "has no installation candidate")
REMEDY_REMOVES = "it would remove packages of the image; see apt-get's explanation above"
REMOVES = "remove is disabled"  # "E: Packages need to be removed but remove is disabled."
# " a : Depends: b but it is not installable"
UNMET = re.compile(r"^ (\S+) : ", re.MULTILINE)


def install(path: Path) -> None:
    """Install the packages of the list. Raises DependencyFileError if any of them cannot be installed."""
    entries = read_packages(path)
    raise_problems(
        [
            f"{entry}: {entry.text!r} is not a package: it must be the name of a Debian package,"
            " optionally followed by =version or /suite"
            for entry in entries
            if not PACKAGE.fullmatch(entry.text)
        ]
    )
    if entries:
        apt_get("update")
        check(entries)
        apt_get(*INSTALL, *(entry.text for entry in entries))
        clean()


def read_packages(path: Path) -> list[DependencyEntry]:
    """Return the words of the list, without its comments."""
    lines = enumerate(read_lines(path), 1)
    return [
        DependencyEntry(path, number, word)
        for number, line in lines
        for word in line.partition("#")[0].split()
    ]


def check(entries: Sequence[DependencyEntry]) -> None:
    """Print apt-get's explanation and raise DependencyFileError if it cannot install the entries."""
    explanation = simulate(entries)
    if not explanation:
        return
    print(explanation, file=sys.stderr, flush=True)
    raise_problems(
        [f"{entry}: {entry.text}: {error}" for entry in entries if (error := error_of(entry, explanation))]
    )
    if REMOVES in explanation:
        raise_problems([f"{entry}: {entry.text}: {REMEDY_REMOVES}" for entry in entries if simulate([entry])])
    unmet = set(UNMET.findall(explanation))
    raise_problems(
        [
            f"{entry}: {entry.text} cannot be installed with the other packages of the list;"
            " see apt-get's explanation above"
            for entry in entries
            if name_of(entry) in unmet
        ]
    )
    raise DependencyFileError(
        f"{entries[0].path}: these packages cannot be installed; see apt-get's explanation above"
    )


def simulate(entries: Sequence[DependencyEntry]) -> str:
    """Return why apt-get cannot install the entries together; empty if it can."""
    process = subprocess.run(
        [*APT_GET, "-q", "--simulate", *INSTALL, *(entry.text for entry in entries)],
        env=ENVIRON,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    return process.stdout.strip() if process.returncode else ""


def error_of(entry: DependencyEntry, explanation: str) -> str:
    """Return the first of apt-get's errors that names the entry's package; empty if none does."""
    # "E: Unable to locate package a", "E: Version '9' for 'a' was not found"
    error = rf"^E: (.*(?:package |'){re.escape(name_of(entry))}(?:'|$).*)"
    match = re.search(error, explanation, re.MULTILINE)
    if not match:
        return ""
    return match[1] + (REMEDY_UNKNOWN if any(text in match[1] for text in UNKNOWN) else "")


def name_of(entry: DependencyEntry) -> str:
    """Return the entry without version and suite."""
    return re.split("[=/]", entry.text)[0]


def apt_get(*arguments: str) -> None:
    """Run apt-get with its output shown. Raises DependencyFileError if it fails."""
    if subprocess.run([*APT_GET, "-q", *arguments], env=ENVIRON, stdin=subprocess.DEVNULL).returncode:
        raise DependencyFileError(f"apt-get {arguments[0]} failed; see its output above")


def clean() -> None:
    """Remove apt's downloads, which would stay in the image."""
    apt_get("clean")
    command = ["apt-config", "shell", "LISTS", "Dir::State::lists/d"]
    output = subprocess.run(command, env=ENVIRON, capture_output=True, text=True, check=True).stdout
    for path in Path(*shlex.split(output.partition("=")[2])).iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="install_packages", description=__doc__)
    parser.add_argument("list", type=Path)
    run_and_exit(lambda: install(parser.parse_args().list))
