"""A project's image: what ONBUILD does with its files."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from astro_runtime_plugin.releases.image_tag import BUILD_TAG_VARIABLE
from dev.versions import newest
from testing.docker_engine import docker, once, run

FILES = {
    "packages.txt": "# for the orders\ntree\n\n",
    "requirements.txt": "cowsay==6.1  # prints a cow\n",
    "dags/orders.py": "",
    "plugins/orders_plugin.py": "",
    "include/orders.sql": "SELECT 1",
}


def build(
    folder: Path, image: str, files: Mapping[str, str], *words: str
) -> tuple[str, subprocess.CompletedProcess[str]]:
    """Build a project of these files on `image`; return its tag and the result of the build."""
    for name, text in {"Dockerfile": f"FROM {image}\n", **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    tag = f"project:{uuid.uuid4().hex[:12]}"
    return tag, run("build", "--progress", "plain", "--tag", tag, *words, str(folder))


@contextmanager
def built(folder: Path, image: str, files: Mapping[str, str], *words: str) -> Iterator[str]:
    """Build a project, and remove its image at the end of the block."""
    tag, done = build(folder, image, files, *words)
    assert done.returncode == 0, done.stderr
    try:
        yield tag
    finally:
        docker("image", "rm", "--force", tag)


@pytest.fixture(scope="module")
def orders(project: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The image of a project with both lists, DAGs, plugins and included files, built with an image tag."""
    with built(tmp_path_factory.mktemp("orders"), project, FILES, "--build-arg", "IMAGE_TAG=orders:7") as tag:
        yield tag


def test_lists_are_installed_and_airflow_keeps_its_version(orders: str, line: str) -> None:
    done = once(
        orders, "bash", "-c", "type -P tree && python -c 'import cowsay' && pip check && airflow version"
    )
    assert done.returncode == 0, done
    assert done.stdout.splitlines()[-1] == newest(line)["airflow"]


def test_projects_files_belong_to_the_user(orders: str) -> None:
    files = ["dags/orders.py", "plugins/orders_plugin.py", "include/orders.sql"]
    done = once(orders, "stat", "-c", "%U %g", *files)
    assert done.stdout.splitlines() == ["astro 0"] * len(files), done
    assert once(orders, "id", "-un").stdout.strip() == "astro"


def test_installation_leaves_no_files_behind(orders: str) -> None:
    script = "ls /tmp /var/lib/apt/lists; ls -A /root/.cache 2>/dev/null || true"
    done = once(orders, "bash", "-c", script, options=["--user", "root", "--entrypoint", ""])
    assert done.stdout.split() == ["/tmp:", "/var/lib/apt/lists:"], done


def test_image_tag_is_available_to_the_runtime(orders: str) -> None:
    assert once(orders, "printenv", BUILD_TAG_VARIABLE).stdout.strip() == "orders:7"


@pytest.mark.parametrize(
    "files", [{}, {"packages.txt": "", "requirements.txt": "# nothing yet\n"}], ids=["none", "empty"]
)
def test_missing_and_empty_lists_are_accepted(
    slim_project: str, tmp_path: Path, files: dict[str, str]
) -> None:
    with built(tmp_path, slim_project, files) as tag:
        assert once(tag, "bash", "-c", "exit 3").returncode == 3
