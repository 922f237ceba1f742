"""A real environment with what the image has, where a small package plays Airflow, and a project's lists."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from testing.entrypoint_process import CHECKOUT
from tests.unit.image.wheels import build_sdist_with_settings, build_unbuildable_sdist, build_wheel

BIN = str(Path(sys.executable).parent)
IMAGE = {"apache-airflow": "3.3.2", "celery": "5.6.0", "shared": "1.0"}
WHEELS = [
    ("apache-airflow", "3.3.2", "shared>=1"),
    ("apache-airflow", "2.0"),
    ("apache-airflow-core", "3.3.2"),
    ("apache-airflow-providers-x", "1.0", "apache-airflow>=2.11"),
    ("celery", "5.6.0"),
    ("celery", "5.7.0"),
    ("shared", "1.0"),
    ("shared", "2.0"),
    ("new", "1.0", "shared>=2"),
    ("needs-new", "1.0", "new"),
    ("old", "1.0", "shared<2"),
    ("for-airflow-2", "1.0", "apache-airflow<3"),
    ("for-the-core", "1.0", "apache-airflow-core"),
    ("leaf", "1.0"),
    ("twig", "1.0", "leaf"),
    ("beta-only", "1.0"),
    ("beta-only", "2.0b1"),
    ("needs-broken", "1.0", "broken"),
]


def build_index(folder: Path) -> Path:
    """Build the packages that uv finds; `elsewhere` is in the subfolder `more`."""
    for name, version, *requirements in WHEELS:
        build_wheel(folder, name, version, *requirements)
    (folder / "more").mkdir()
    build_wheel(folder / "more", "elsewhere", "1.0")
    build_unbuildable_sdist(folder, "broken", "1.0")
    build_sdist_with_settings(folder, "settings-shown", "1.0")
    return folder


class ImageEnvironment:
    """A folder with a project's lists and an environment with the image's packages."""

    def __init__(self, folder: Path, wheels: Path) -> None:
        self.folder, self.wheels = folder, wheels
        self.list = folder / "project" / "requirements.txt"
        self.python = folder / "environment" / "bin" / "python"
        (folder / "project" / "more").mkdir(parents=True)
        (folder / "image.txt").write_text("apache-airflow==3.3.2\ncelery<5.7\n")
        (folder / "pins.txt").write_text("apache-airflow==3.3.2\n")
        (folder / "uv.toml").write_text(f"[pip]\nno-index = true\nfind-links = [{str(wheels)!r}]\n")
        self.environ = {
            "HOME": str(folder),
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "UV_CONFIG_FILE": str(folder / "uv.toml"),
            "PYTHONPATH": str(CHECKOUT),
            "PIP_CONFIG_FILE": os.devnull,
        }
        self.uv("venv", "--quiet", "--python", sys.executable, str(self.python.parent.parent))
        image = [f"{name}=={version}" for name, version in IMAGE.items()]
        self.uv("pip", "install", "--quiet", f"--python={self.python}", *image)

    def uv(self, *words: str) -> str:
        done = subprocess.run(
            ["uv", *words], env=self.environ, cwd=self.folder, capture_output=True, text=True, check=True
        )
        return done.stdout

    def assert_install_is_tidy(
        self, text: str | bytes, environ: Mapping[str, str] = {}
    ) -> subprocess.CompletedProcess[str]:
        """Install a list of this text; assert that the project folder is unchanged and that there is no traceback."""
        self.list.write_bytes(text if isinstance(text, bytes) else text.encode())
        before = {*self.list.parent.rglob("*")}
        done = self.run(environ)
        assert {*self.list.parent.rglob("*")} == before
        assert "Traceback" not in done.stderr
        return done

    def run(self, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        options = [f"--python={self.python}", "--requirements=../image.txt", "--constraints=../pins.txt"]
        return subprocess.run(
            [sys.executable, "-m", "image.install_requirements", "requirements.txt", *options],
            env={**self.environ, **environ},
            cwd=self.list.parent,
            capture_output=True,
            text=True,
        )

    def write(self, path: str, text: str) -> None:
        """Write another file of the project."""
        (self.list.parent / path).parent.mkdir(exist_ok=True)
        (self.list.parent / path).write_text(text)

    def changes(self) -> dict[str, str]:
        """Return the packages and versions that the environment has and the image has not."""
        packages = json.loads(self.uv("pip", "list", f"--python={self.python}", "--format=json"))
        installed = {package["name"]: package["version"] for package in packages}
        return {name: version for name, version in installed.items() if IMAGE.get(name) != version}
