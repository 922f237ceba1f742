"""Copies a project into the image, as root, while the image is built.

The container may run as any user of group 0, so the group may do with each file what its owner may. Others may not
write.
"""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path

from image.dependency_files import DependencyFileError, run_and_exit

# Histories and files that hold passwords. To have one in the image nevertheless, COPY it by its name.
LEFT_OUT = ".git .hg .svn .env .env.* .netrc .pypirc .ssh .aws .docker pip.conf".split()
RSYNC = "rsync --recursive --links --perms --times --owner --group --force --chmod=ug+rwX,o-w".split()


def copy(source: Path, target: Path, owner: str) -> None:
    """Copy the content of a folder into another, without LEFT_OUT; it then belongs to `owner` (`user:group`).

    Raises DependencyFileError.
    """
    if not source.is_dir():
        raise DependencyFileError(
            f"there is no {source}: this builder ignores RUN --mount; use BuildKit (Docker 23 or later)"
        )
    excluded = [f"--exclude={name}" for name in LEFT_OUT]
    command = [*RSYNC, f"--chown={owner}", *excluded, "--", f"{source}/", f"{target}/"]
    if subprocess.run(command, stdin=subprocess.DEVNULL).returncode:
        raise DependencyFileError("the project cannot be copied; see rsync's output above")
    for path in left_out(source):
        print(f"{path} is not copied: it may hold passwords or a history; to have it in the image, COPY it")


def left_out(source: Path) -> list[Path]:
    """Return the uppermost paths of the folder that are not copied, relative to it."""
    paths: list[Path] = []
    folders = [source]
    while folders:
        for path in sorted(folders.pop().iterdir()):
            if any(path.match(pattern) for pattern in LEFT_OUT):
                paths.append(path.relative_to(source))
            elif path.is_dir() and not path.is_symlink():
                folders.append(path)
    return paths


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="copy_project", description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--owner", default="astro:0")
    arguments = parser.parse_args()
    run_and_exit(lambda: copy(arguments.source, arguments.target, arguments.owner))
