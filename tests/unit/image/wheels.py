"""Builds small packages: a wheel is an archive with three files that describe it."""

from __future__ import annotations

import hashlib
import tarfile
import zipfile
from io import BytesIO
from pathlib import Path


def build_wheel(folder: Path, name: str, version: str, *requirements: str) -> None:
    """Build a package with one module that contains its version; `requirements` are what it depends on."""
    module = name.replace("-", "_")
    dist_info = f"{module}-{version}.dist-info"
    metadata = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    metadata += [f"Requires-Dist: {requirement}" for requirement in requirements]
    with zipfile.ZipFile(folder / f"{module}-{version}-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{module}.py", f"version = {version!r}\n")
        archive.writestr(f"{dist_info}/METADATA", "\n".join(metadata) + "\n")
        archive.writestr(
            f"{dist_info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{dist_info}/RECORD", "")


def build_unbuildable_sdist(folder: Path, name: str, version: str) -> None:
    """Build a source archive whose metadata can be read without a build, and whose build fails."""
    _build_sdist(
        folder, name, version, 'def build_wheel(*words, **more):\n    raise SystemExit("gcc is missing")\n'
    )


BUILD_WITH_SETTINGS = """
import zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    file = "{module}-{version}-py3-none-any.whl"
    info = "{module}-{version}.dist-info"
    with zipfile.ZipFile(f"{{folder}}/{{file}}", "w") as archive:
        archive.writestr("{module}.py", f"settings = {{config_settings}}\\n")
        archive.writestr(f"{{info}}/METADATA", "Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n")
        archive.writestr(f"{{info}}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        archive.writestr(f"{{info}}/RECORD", "")
    return file
"""


def build_sdist_with_settings(folder: Path, name: str, version: str) -> None:
    """Build a source archive whose wheel has one module, with the settings that its build got."""
    module = name.replace("-", "_")
    _build_sdist(folder, name, version, BUILD_WITH_SETTINGS.format(name=name, module=module, version=version))


def _build_sdist(folder: Path, name: str, version: str, backend: str) -> None:
    project = f'[project]\nname = "{name}"\nversion = "{version}"\n'
    build = '[build-system]\nrequires = []\nbuild-backend = "b"\nbackend-path = ["."]\n'
    files = {
        "PKG-INFO": f"Metadata-Version: 2.2\nName: {name}\nVersion: {version}\n",
        "pyproject.toml": build + project,
        "b.py": backend,
    }
    top = f"{name.replace('-', '_')}-{version}"
    with tarfile.open(folder / f"{top}.tar.gz", "w:gz") as archive:
        for path, text in files.items():
            member = tarfile.TarInfo(f"{top}/{path}")
            member.size = len(text)
            archive.addfile(member, BytesIO(text.encode()))


def hash_option(folder: Path, name: str, version: str) -> str:
    """Return the option that gives the hash of the wheel in requirements.txt."""
    data = (folder / f"{name.replace('-', '_')}-{version}-py3-none-any.whl").read_bytes()
    return f"--hash=sha256:{hashlib.sha256(data).hexdigest()}"
