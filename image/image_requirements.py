"""Prints what the image was built from, as requirements: those of the Runtime with all extras, and those of lists.

A project's requirements are resolved together with them, so that every package of the image keeps what it needs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement

DISTRIBUTION = "astro-runtime"


def runtime_requirements() -> Iterator[str]:
    """Yield the requirements of the installed Runtime and all its extras that apply to this Python."""
    runtime = distribution(DISTRIBUTION)
    extras = ["", *runtime.metadata.get_all("Provides-Extra", [])]
    for requirement in map(Requirement, runtime.requires or []):
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras):
            requirement.marker = None
            yield str(requirement)


def list_requirements(path: Path) -> Iterator[str]:
    """Yield the requirements of a list, without those of lists that it includes."""
    return (line for line in path.read_text().splitlines() if not line.startswith(("#", "-r")))


if __name__ == "__main__":
    lists = (list_requirements(Path(name)) for name in sys.argv[1:])
    print(*runtime_requirements(), *(line for lines in lists for line in lines), sep="\n")
