"""Removes from an environment what no Python program in the image can use, and says how much that saves.

`python -m image.build.trim /opt/astro-runtime` runs before the modules are compiled. Whatever can be imported
stays, but for the packages' own tests.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from image.build.duplicates import link_duplicates
from image.build.elf import strip
from image.build.records import record_files, site_packages, update

# What is removed, as patterns below the folder of the packages, by the reason. Tests that another module imports
# stay, as gevent's and jsonschema's.
REMOVED = {
    "tests of packages": (
        *(f"{name}/tests" for name in "aiosqlite croniter dill greenlet".split()),
        *(f"{name}/tests" for name in "pandas pyarrow regex websocket".split()),
        *(f"{name}/**/tests" for name in "libcst numpy scipy sklearn zope/interface".split()),
        *(f"{name}/test" for name in "joblib tornado".split()),
    ),
    "source maps, for debugging minified scripts": ("**/*.js.map", "**/*.css.map"),
    "sources of compiled modules, which only a compiler reads": (
        *(f"**/*.{suffix}" for suffix in "a c cc cpp cxx h hpp pxd pxi pyx".split()),
    ),
    "launchers of scripts on Windows": ("**/*.exe",),
    "Ray's workers in Java, which is not in the image": ("ray/jars",),
    "the web interface of LiteLLM's proxy server, which needs packages that are not in the image": (
        "litellm/proxy/_experimental/out",
    ),
}
SYMBOLS, DUPLICATES = "symbols of compiled modules", "files that are the same"


def trim(environment: Path) -> dict[str, int]:
    """Remove what is in the tables and return the bytes that each reason saved."""
    packages = site_packages(environment)
    saved = {
        reason: sum(remove(path) for pattern in patterns for path in list(packages.glob(pattern)))
        for reason, patterns in REMOVED.items()
    }
    saved[SYMBOLS] = sum(strip(path) for path in executables(environment))
    saved[DUPLICATES] = link_duplicates(packages)
    for record in record_files(environment):
        update(record)
    return saved


def remove(path: Path) -> int:
    """Remove a file or a folder and return its size."""
    if not path.exists():  # in a folder that is gone
        return 0
    if path.is_file():
        size = path.stat().st_size
        path.unlink()
        return size
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    shutil.rmtree(path)
    return size


def executables(environment: Path) -> Iterator[Path]:
    """Yield the files that may be shared objects or programs."""
    for folder, _, names in os.walk(environment):
        for path in (Path(folder, name) for name in names):
            if not path.is_symlink() and (".so" in path.name or os.access(path, os.X_OK)):
                yield path


if __name__ == "__main__":
    for reason, size in trim(Path(sys.argv[1])).items():
        print(f"{size / 1e6:8.1f} MB {reason}")
