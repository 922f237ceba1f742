"""Small packages, built by hand: a wheel is an archive with three files that describe it."""

from __future__ import annotations

import hashlib
import tarfile
import zipfile
from io import BytesIO
from pathlib import Path


def wheel(folder: Path, name: str, version: str, *needs: str) -> None:
    """Build a package with one module that knows its version; `needs` are its requirements."""
    module = name.replace("-", "_")
    about = f"{module}-{version}.dist-info"
    metadata = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    metadata += [f"Requires-Dist: {need}" for need in needs]
    with zipfile.ZipFile(folder / f"{module}-{version}-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{module}.py", f"version = {version!r}\n")
        archive.writestr(f"{about}/METADATA", "\n".join(metadata) + "\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")


def source_that_does_not_build(folder: Path, name: str, version: str) -> None:
    """Build a source archive that tells its metadata without being built, and whose build fails."""
    project = f'[project]\nname = "{name}"\nversion = "{version}"\n'
    build = '[build-system]\nrequires = []\nbuild-backend = "b"\nbackend-path = ["."]\n'
    files = {
        "PKG-INFO": f"Metadata-Version: 2.2\nName: {name}\nVersion: {version}\n",
        "pyproject.toml": build + project,
        "b.py": 'def build_wheel(*words, **more):\n    raise SystemExit("gcc is missing")\n',
    }
    with tarfile.open(folder / f"{name}-{version}.tar.gz", "w:gz") as archive:
        for path, text in files.items():
            member = tarfile.TarInfo(f"{name}-{version}/{path}")
            member.size = len(text)
            archive.addfile(member, BytesIO(text.encode()))


def hash_of(folder: Path, name: str, version: str) -> str:
    """Return what a line of requirements.txt says of the wheel's hash."""
    data = (folder / f"{name.replace('-', '_')}-{version}-py3-none-any.whl").read_bytes()
    return f"--hash=sha256:{hashlib.sha256(data).hexdigest()}"
