"""Sorts an environment's files into a folder for each layer of the image, by how often they change.

`python -m image.build.layers /opt/astro-runtime /layers wheels airflow` makes `/layers/wheels/opt/astro-runtime`
and its sibling; their files are hard links. Times are always the same, so that a layer is the same if its files are.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from image.build.records import BYTECODE, distribution_name, installed_files, record_files

AIRFLOW = {"apache-airflow", "apache-airflow-core", "apache-airflow-task-sdk"}
PROVIDER = "apache-airflow-providers-"
RUNTIME = "astro-runtime"
OTHERS = "wheels"
# 1 January 2020. Not the time of a release: its layers would all differ from those of the release before.
TIME = 1577836800


def layer_of(distribution: str) -> str:
    """Return the layer of a distribution."""
    if distribution in AIRFLOW:
        return "airflow"
    if distribution.startswith(PROVIDER):
        return "providers"
    return "runtime" if distribution == RUNTIME else OTHERS


def layers_by_file(environment: Path) -> dict[Path, str]:
    """Return the layer of each file that a distribution installed."""
    return {
        path: layer_of(distribution_name(record))
        for record in record_files(environment)
        for path in installed_files(record)
    }


def source_of(path: Path) -> Path:
    """Return the module that bytecode was compiled from; any other path as it is."""
    if path.parent.name != BYTECODE:
        return path
    return path.parent.parent / f"{path.name.partition('.')[0]}.py"


def set_time(path: Path) -> None:
    """Set a file's time to the one that all files have."""
    os.utime(path, (TIME, TIME), follow_symlinks=False)


def sort(environment: Path, target: Path, wanted: set[str]) -> None:
    """Link each file of the environment whose layer is wanted into the folder of that layer."""
    layers = layers_by_file(environment)
    for path in files(environment):
        layer = layers.get(source_of(path), OTHERS)
        if layer in wanted:
            link(path, target / layer)
    for folder, folders, names in os.walk(target, topdown=False):
        for name in (*names, *folders):
            set_time(Path(folder, name))


def files(root: Path) -> Iterator[Path]:
    """Yield every file and link in a folder."""
    for folder, folders, names in os.walk(root):
        links = [name for name in folders if Path(folder, name).is_symlink()]
        yield from (Path(folder, name) for name in (*names, *links))


def link(path: Path, layer: Path) -> None:
    """Link a file into the folder of a layer, under its own path."""
    copy = layer / path.relative_to("/")
    copy.parent.mkdir(parents=True, exist_ok=True)
    os.link(path, copy, follow_symlinks=False)


if __name__ == "__main__":
    sort(Path(sys.argv[1]), Path(sys.argv[2]), set(sys.argv[3:]))
