"""A project's image: what ONBUILD does with its files, and the errors of lists that cannot be installed."""

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
INVALID: Mapping[str, tuple[dict[str, str], list[str]]] = {
    "an unknown Debian package": (
        {"packages.txt": "tree\nno-such-package-anywhere\n"},
        ["packages.txt:2: ", "no-such-package-anywhere"],
    ),
    "another Airflow": (
        {"requirements.txt": "cowsay\napache-airflow==2.0\n"},
        ["requirements.txt:2: ", "apache-airflow"],
    ),
    "an unknown Python package": (
        {"requirements.txt": "cowsay\n\nno-such-package-anywhere==1\n"},
        ["requirements.txt:3: ", "no-such-package-anywhere"],
    ),
    "a conflict with Airflow": (
        {"requirements.txt": "sqlalchemy<1.3\n"},
        ["requirements.txt:1: ", "sqlalchemy"],
    ),
    "files of the project": (
        {
            "requirements.txt": "-r more.txt\ncowsay\n./wheels/x-1.0-py3-none-any.whl\n",
            "more.txt": "cowsay\n",
        },
        ["requirements.txt:1: there is no more.txt", "requirements.txt:3: there is no ./wheels/x-1.0"],
    ),
    "a package of a vendor's": (
        {"packages.txt": "tree\nmsodbcsql18\n"},
        ["packages.txt:2: msodbcsql18", "vendor's repository, build on the -base tag"],
    ),
    "a removal": ({"packages.txt": "tree\ncurl=*-\n"}, ["packages.txt:2: 'curl=*-' is not a package"]),
    "a password": (
        {"requirements.txt": "cowsay\n--extra-index-url https://user:hush@127.0.0.1/simple\n"},
        ["requirements.txt:2: this line has a password", "--secret id=build.env"],
    ),
    "a password in pip.conf": (
        {"requirements.txt": "cowsay\n", "pip.conf": "[global]\nindex-url = https://user:hush@127.0.0.1/\n"},
        ["pip.conf:2: this line has a password", "--secret id=pip.conf"],
    ),
    "two lines in conflict": (
        {"requirements.txt": "cowsay==6.1\ncowsay==5.0\n"},
        ["requirements.txt:1: cowsay==6.1", "requirements.txt:2: cowsay==5.0"],
    ),
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


@pytest.mark.parametrize("case", INVALID)
def test_invalid_list_fails_the_build_with_file_and_line(
    slim_project: str, tmp_path: Path, case: str
) -> None:
    files, messages = INVALID[case]
    tag, done = build(tmp_path, slim_project, files)
    assert done.returncode != 0
    assert [text for text in messages if text not in done.stderr] == []
    assert "Traceback" not in done.stderr
    assert run("image", "inspect", tag).returncode != 0
