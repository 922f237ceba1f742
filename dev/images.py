"""Builds the default images of each line for this machine and prints their sizes (`make image`)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

from dev.versions import CHECKOUT, newest
from entrypoint.airflow_line import LINES

NAME = "astro-runtime"
VARIANTS = ("", "-base", "-slim", "-slim-base")


def tag(line: str, variant: str = "") -> str:
    """Return the tag of a line's image: `astro-runtime:3.3-1-slim`."""
    return f"{NAME}:{newest(line)['release']}{variant}"


def build(lines: list[str], variants: Sequence[str] = VARIANTS, options: Sequence[str] = ()) -> None:
    """Build variants of the lines with their default Python."""
    targets = [
        tag(line, variant).partition(":")[2].replace(".", "_") for line in lines for variant in variants
    ]
    command = ["docker", "buildx", "bake", "--set", "*.platform=", *options, *targets]
    # The time that the images name as theirs: the same for every build of a commit.
    environ = {"SOURCE_DATE_EPOCH": time_of_commit(), **os.environ}
    subprocess.run(command, cwd=CHECKOUT, env=environ, check=True)


def time_of_commit() -> str:
    """Return the time of the checkout's commit in seconds, or 0 if it is no repository."""
    command = ["git", "log", "-1", "--format=%ct"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "0"


def size(image: str) -> int:
    """Return the size of an image, in bytes."""
    command = ["docker", "image", "inspect", "--format", "{{.Size}}", image]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main(lines: list[str]) -> int:
    """Build the images and print their sizes; return docker's exit code."""
    try:
        build(lines)
    except subprocess.CalledProcessError as error:
        return error.returncode
    for image in (tag(line, variant) for line in lines for variant in VARIANTS):
        print(f"{image:40} {size(image) / 1e6:6.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(LINES)))
