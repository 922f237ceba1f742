"""Installs the Debian packages of packages.txt, while the image is built, as root.

Needs nothing but Python 3.10 and apt.
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

from image.lists import Entry, ListError, read_lines, refuse, run, shortest

# Without Pattern-Only, apt-get takes an unknown name with a dot for a regular expression and installs what matches.
# Without Error-Mode, an archive that does not answer is a warning, and every package of it unknown.
APT_GET = (
    "apt-get -o APT::Cmd::Pattern-Only=true -o APT::Update::Error-Mode=any"
    " -o Acquire::Retries=3 -o Dpkg::Use-Pty=0"
).split()
INSTALL = "install -y --no-install-recommends".split()
# English, because what apt-get says stands in our messages; no questions, because nobody is there to answer.
ENVIRON = {**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}

# Debian Policy 5.6.1 and 5.6.12; a name that ends in a hyphen is apt-get's word for "remove".
NAME = re.compile(r"[a-z0-9][a-z0-9.+-]*[a-z0-9.+](:[a-z0-9-]+)?(=[A-Za-z0-9.+~:*-]+|/[A-Za-z0-9.+~_-]+)?")


def install(path: Path) -> None:
    """Install what the list names. Raises ListError where something of it cannot be installed."""
    entries = words(path)
    refuse(
        [
            f"{entry}: {entry.text!r} is no package: it must be the name of a Debian package,"
            " with =version or /suite behind it where one is meant"
            for entry in entries
            if not NAME.fullmatch(entry.text)
        ]
    )
    if entries:
        apt_get("update")
        check(entries)
        apt_get(*INSTALL, *(entry.text for entry in entries))
        leave_nothing_behind()


def words(path: Path) -> list[Entry]:
    """Return the words of the list, without its comments."""
    lines = enumerate(read_lines(path), 1)
    return [Entry(path, number, word) for number, line in lines for word in line.partition("#")[0].split()]


def check(entries: Sequence[Entry]) -> None:
    """Raise ListError where apt-get cannot install the entries, after its own explanation."""
    explanation = objection(entries)
    if not explanation:
        return
    print(explanation, file=sys.stderr, flush=True)
    refuse([f"{entry}: {entry.text}: {why}" for entry in entries if (why := error_in(objection([entry])))])
    beginning = shortest(entries, objection)
    if not beginning:
        raise ListError(f"{entries[0].path}: apt-get can install nothing; its explanation stands above")
    raise ListError(
        f"{beginning[-1]}: {beginning[-1].text} cannot be installed beside what stands above it in the list;"
        " apt-get's explanation stands above"
    )


def objection(entries: Sequence[Entry]) -> str:
    """Return what apt-get says against installing the entries together; nothing where it would."""
    command = [*APT_GET, "-q", "--simulate", *INSTALL, *(entry.text for entry in entries)]
    done = subprocess.run(
        command,
        env=ENVIRON,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    return done.stdout.strip() if done.returncode else ""


def error_in(explanation: str) -> str:
    """Return the first error that apt-get tells of, without the mark in front of it."""
    return next((line[3:] for line in explanation.splitlines() if line.startswith("E: ")), "")


def apt_get(*arguments: str) -> None:
    """Run apt-get for all to see. Raises ListError where it fails."""
    if subprocess.run([*APT_GET, "-q", *arguments], env=ENVIRON, stdin=subprocess.DEVNULL).returncode:
        raise ListError(f"apt-get {arguments[0]} failed; its output stands above")


def leave_nothing_behind() -> None:
    """Remove what apt has downloaded, which would stay in the image."""
    apt_get("clean")
    ask = ["apt-config", "shell", "LISTS", "Dir::State::lists/d"]
    answer = subprocess.run(ask, env=ENVIRON, capture_output=True, text=True, check=True).stdout
    for path in Path(*shlex.split(answer.partition("=")[2])).iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(prog="install_packages", description=__doc__)
    arguments.add_argument("list", type=Path)
    run(lambda: install(arguments.parse_args().list))
