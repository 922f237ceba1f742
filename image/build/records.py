"""The RECORD files of an environment: which distribution installed which file, with its hash and size."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

MODULE, BYTECODE = ".py", "__pycache__"


def site_packages(environment: Path) -> Path:
    """Return the folder of an environment's packages."""
    (folder,) = environment.glob("lib/python*/site-packages")
    return folder


def record_files(environment: Path) -> list[Path]:
    """Return the RECORD of each distribution."""
    return sorted(site_packages(environment).glob("*.dist-info/RECORD"))


def distribution_name(record: Path) -> str:
    """Return the name of a RECORD's distribution: `apache-airflow-core`."""
    return record.parent.name.partition("-")[0].replace("_", "-").lower()


def installed_files(record: Path) -> Iterator[Path]:
    """Yield the files that a RECORD lists."""
    for name, *_ in csv.reader(record.read_text().splitlines()):
        yield Path(resolve(record.parent.parent, name))


def resolve(folder: Path, name: str) -> Path:
    """Return the path of a name in a RECORD, such as `../../../bin/airflow`; links stay links."""
    while name.startswith("../"):
        folder, name = folder.parent, name[3:]
    return folder / name


def update(record: Path) -> None:
    """Write a RECORD anew: without the files that are gone, with the hashes of those that differ."""
    rows = csv.reader(record.read_text().splitlines())
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [name, *current(path, row)]
        for name, *row in rows
        if (path := resolve(record.parent.parent, name)).exists()
    )
    record.write_text(text.getvalue())


def current(path: Path, row: list[str]) -> list[str]:
    """Return hash and size of a file, or what the RECORD has if it has none, as for itself."""
    if not row[0]:
        return row
    content = path.read_bytes()
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return [f"sha256={digest}", str(len(content))]
