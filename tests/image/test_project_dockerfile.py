"""A project's Dockerfile beyond FROM: pip as the image's user, bash, other init programs, and modes of files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.docker_engine import docker, once
from tests.image.test_project import build, built

STEPS = """
RUN pip install cowsay==6.1 && cowsay -t hello
RUN pip install --user pyfiglet && python -c 'import pyfiglet'
RUN python3 -m venv /tmp/venv && source /tmp/venv/bin/activate && [[ $VIRTUAL_ENV == /tmp/venv ]]
RUN pip check && [[ -z $(env | grep -E '^(PIP|UV)_[A-Z_]*=$') ]]
"""


@pytest.fixture(scope="module")
def extended(slim_project: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("extended")
    (folder / "dags").mkdir()
    (folder / "dags/a.py").write_text("print('readable')\n")
    (folder / "dags/a.py").chmod(0o600)
    (folder / "dags").chmod(0o700)
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o777)
    with built(folder, slim_project, {"Dockerfile": f"FROM {slim_project}{STEPS}"}) as tag:
        yield tag


def test_pip_of_the_user_installs_for_every_user_of_the_group(extended: str) -> None:
    for options in (
        [],
        ["--user", "123456:0"],
        ["--user", "0"],
        ["--user", "123456:0", "--entrypoint", ""],
    ):
        done = once(extended, "python", "-c", "import cowsay; print(cowsay.__file__)", options=options)
        assert done.stdout.startswith("/home/astro/.local/"), (options, done)


def test_packages_of_the_image_are_not_replaced_by_the_user(slim_project: str, tmp_path: Path) -> None:
    dockerfile = f"FROM {slim_project}\nRUN pip install 'packaging<20'\n"
    _, done = build(tmp_path, slim_project, {"Dockerfile": dockerfile})
    assert done.returncode != 0
    assert "lack sys.path precedence" in done.stderr


def test_file_that_only_its_owner_may_read_is_readable_for_the_group(extended: str) -> None:
    done = once(extended, "python", "dags/a.py", options=["--user", "123456:0"])
    assert done.stdout.strip() == "readable", done
    modes = once(extended, "stat", "-c", "%U %g %a", "dags", "dags/a.py", "run.sh").stdout.splitlines()
    assert modes == ["astro 0 770", "astro 0 660", "astro 0 775"]


@pytest.mark.parametrize("init", ["/usr/bin/dumb-init", "/usr/bin/tini"])
def test_init_program_that_other_charts_name_runs_the_entrypoint(slim: str, init: str) -> None:
    words = ["--", "/entrypoint", "bash", "-c", "cat /proc/1/comm"]
    done = once(slim, *words, options=["--entrypoint", init])
    assert done.stdout.strip() == init.rpartition("/")[2], done


def test_only_the_intended_folders_are_writable_for_the_group(slim: str) -> None:
    intended = "-path /usr/local/airflow -o -path /home/astro -o -path /proc -o -path /sys -o -path /dev"
    writable = "( -perm -020 -group 0 -o -perm -002 ) ! -type l ! -perm -1000"
    command = ["find", "/", "(", *intended.split(), ")", "-prune", "-o", *writable.split(), "-print"]
    done = once(slim, *command, options=["--user", "0", "--entrypoint", ""])
    assert done.stdout.split() == [], done


def test_modes_are_independent_of_the_machine_that_builds(slim: str) -> None:
    done = once(
        slim, "bash", "-c", "stat -Lc %a /entrypoint /clean-logs $(readlink -f /entrypoint | xargs dirname)"
    )
    assert done.stdout.split() == ["755", "755", "755"], done


def test_project_image_has_the_shell_of_the_image(slim_project: str) -> None:
    shell = docker("image", "inspect", "--format", "{{json .Config.Shell}}", slim_project)
    assert shell == '["/bin/bash","-o","pipefail","-c"]'
