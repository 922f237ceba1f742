"""Prints what the image was made from, as requirements: those of the Runtime and its extras, and those of lists.

A project's own requirements are resolved beside them, so that uv keeps every package of the image fit for the others.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement

RUNTIME = "astro-runtime"


def of_the_runtime() -> Iterator[str]:
    """Yield what the installed Runtime needs, with all its extras."""
    found = distribution(RUNTIME)
    extras = ["", *found.metadata.get_all("Provides-Extra", [])]
    for requirement in map(Requirement, found.requires or []):
        if requirement.marker is None or any(
            requirement.marker.evaluate({"extra": extra}) for extra in extras
        ):
            requirement.marker = None
            yield str(requirement)


def of_list(path: Path) -> Iterator[str]:
    """Yield the requirements of a list; what it includes is to be given, too."""
    return (line for line in path.read_text().splitlines() if not line.startswith(("#", "-r")))


if __name__ == "__main__":
    print(*of_the_runtime(), *(line for name in sys.argv[1:] for line in of_list(Path(name))), sep="\n")
