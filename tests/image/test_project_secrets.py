"""Secrets of a project's build: the company's index is used, and no layer and no history holds a password."""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.docker_engine import docker, once
from testing.package_index import PackageIndex, package_index
from tests.image.test_project import build, built
from tests.unit.image.wheels import build_wheel

LOGIN = "builder:hush-hush"
HOST_NETWORK = ["--network", "host"]
# What a step prints is missing where an earlier run on the same engine left the step in the build cache.
WHOLE_OUTPUT = "--no-cache"
PRIVATE = {
    ".env": "PASSWORD=hush-hush",
    ".git/config": "url = https://hush-hush@example.org",
    "include/.env.production": "hush-hush",
    ".netrc": "password hush-hush",
    "id/.ssh/id_rsa": "hush-hush",
}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PackageIndex]:
    """The company's index, which asks for a login and has one package that no other index has."""
    folder = tmp_path_factory.mktemp("wheels")
    build_wheel(folder, "orders-of-the-company", "1.0")
    with package_index(folder, LOGIN) as index:
        yield index


def content_with(image: str, text: str) -> list[str]:
    """Return where the image holds the text: its history, its configuration, and files of its project's layers."""
    places = [
        name
        for name, words in {
            "history": ["history", "--no-trunc"],
            "configuration": ["image", "inspect"],
        }.items()
        if text in docker(*words, image)
    ]
    saved = subprocess.run(["docker", "save", image], capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:
        for member in archive:
            file = archive.extractfile(member)
            # The project's layers are small.
            if file and member.size < 10_000_000 and text.encode() in file.read():
                places.append(member.name)
    return places


@pytest.mark.parametrize("way", ["pip.conf", "PIP_INDEX_URL", "build.env", "netrc"])
def test_index_of_a_build_secret_is_used_and_leaves_no_password(
    slim_project: str, tmp_path: Path, company: PackageIndex, way: str
) -> None:
    user, password = LOGIN.split(":")
    secret = {
        "pip.conf": f"[global]\nindex-url = {company.url(LOGIN)}\n",
        "PIP_INDEX_URL": company.url(LOGIN),
        "build.env": f"# for pip\nINDEX_USER={user}\nINDEX_PASSWORD={password}",
        "netrc": f"machine 127.0.0.1 login {user} password {password}\n",
    }[way]
    option = {
        "build.env": f"--index-url {company.url('${INDEX_USER}:${INDEX_PASSWORD}')}\n",
        "netrc": f"--index-url {company.url()}\n",
    }.get(way, "")
    (tmp_path / "secret").write_text(secret)
    files = {"requirements.txt": f"{option}orders-of-the-company\n"}
    words = ["--secret", f"id={way},src={tmp_path}/secret", *HOST_NETWORK]
    with built(tmp_path / "project", slim_project, files, *words) as tag:
        done = once(tag, "python", "-c", "import orders_of_the_company as m; print(m.version)")
        assert done.stdout.strip() == "1.0", done
        assert content_with(tag, password) == []


@pytest.mark.parametrize("name", ["PIP_INDEX_URL", "UV_INDEX_URL"])
def test_index_of_a_build_argument_is_used(
    slim_project: str, tmp_path: Path, company: PackageIndex, name: str
) -> None:
    with package_index(company.folder) as index:
        files = {"requirements.txt": "orders-of-the-company\n"}
        words = ["--build-arg", f"{name}={index.url()}", *HOST_NETWORK]
        with built(tmp_path, slim_project, files, *words) as tag:
            assert once(tag, "python", "-c", "import orders_of_the_company").returncode == 0


def test_password_in_a_build_argument_is_warned_about(
    slim_project: str, tmp_path: Path, company: PackageIndex
) -> None:
    words = ["--build-arg", f"PIP_INDEX_URL={company.url(LOGIN)}", *HOST_NETWORK, WHOLE_OUTPUT]
    tag, done = build(tmp_path, slim_project, {"requirements.txt": "orders-of-the-company\n"}, *words)
    assert done.returncode == 0, done.stderr
    docker("image", "rm", "--force", tag)
    assert "a password in PIP_INDEX_URL stays in the image's history" in done.stderr


def test_private_files_are_in_no_layer_and_are_named(slim_project: str, tmp_path: Path) -> None:
    files = {**PRIVATE, "dags/orders.py": "", ".airflowignore": "x"}
    tag, done = build(tmp_path, slim_project, files, WHOLE_OUTPUT)
    assert done.returncode == 0, done.stderr
    try:
        assert content_with(tag, "hush-hush") == []
        names = once(tag, "bash", "-c", "find . -name '.*' -mindepth 1").stdout.split()
        assert names == ["./.airflowignore"]
    finally:
        docker("image", "rm", "--force", tag)
    for name in (".env", ".git", "include/.env.production", ".netrc", "id/.ssh"):
        assert f"{name} is not copied" in done.stderr


def test_change_of_a_dag_installs_nothing_again(slim_project: str, tmp_path: Path) -> None:
    files = {"requirements.txt": "# a list of its own: " + tmp_path.name, "dags/orders.py": "a = 1"}
    with built(tmp_path, slim_project, files):
        tag, again = build(tmp_path, slim_project, {**files, "dags/orders.py": "a = 2"})
        docker("image", "rm", "--force", tag)
    (installation,) = set(re.findall(r"^(#\d+) \[.*install-lists", again.stderr, re.MULTILINE))
    assert f"{installation} CACHED" in again.stderr.splitlines(), again.stderr
