"""The errors of a project's lists that cannot be installed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from testing.docker_engine import run
from tests.image.test_project import build

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
