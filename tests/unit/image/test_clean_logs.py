"""clean-logs.sh, run for real: which files it deletes, where, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from testing.entrypoint_process import CHECKOUT
from testing.installed_line import LINE
from testing.waiting import wait_until

SCRIPT = CHECKOUT / "image" / "clean-logs.sh"
BIN = Path(sys.executable).parent
DAY = 86_400
IMAGE_VARIABLE = "AIRFLOW__LOG_RETENTION_DAYS"
OTHERS = ("ASTRONOMER__AIRFLOW__WORKER_LOG_RETENTION_DAYS", "AIRFLOW__WORKER_LOG_RETENTION_DAYS")


def write(path: Path, days: float = 0, size: int = 1) -> Path:
    """Write a log file of this age and size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    os.utime(path, times=(time.time() - days * DAY,) * 2)
    return path


class Groomer:
    """The script, run until the end of the block with these variables; its output is in `output`."""

    def __init__(self, home: Path, environ: Mapping[str, str] = {}) -> None:
        self.output = home / "output"
        self.environ = {
            "AIRFLOW_HOME": str(home),
            "HOME": str(home),
            "PATH": f"{BIN}:/usr/bin:/bin",
            **environ,
        }

    def __enter__(self) -> Groomer:
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                ["bash", str(SCRIPT)], env=self.environ, stdout=output, stderr=subprocess.STDOUT
            )
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def wait_until(self, condition: Callable[[], bool]) -> None:
        wait_until(condition, self.output.read_text, failed=lambda: self.process.poll() is not None)

    def wait_until_gone(self, path: Path) -> None:
        self.wait_until(lambda: not path.exists())


@pytest.mark.parametrize("name", [IMAGE_VARIABLE, *OTHERS])
def test_retention_of_each_name_is_used(tmp_path: Path, name: str) -> None:
    old, new = write(tmp_path / "logs/old.log", 8), write(tmp_path / "logs/new.log", 6)
    with Groomer(tmp_path, {name: "7"}) as groomer:
        groomer.wait_until_gone(old)
    assert new.exists()


def test_name_of_the_official_image_wins_and_an_empty_one_is_unset(tmp_path: Path) -> None:
    old, new = write(tmp_path / "logs/old.log", 8), write(tmp_path / "logs/new.log", 6)
    with Groomer(tmp_path, {OTHERS[0]: "5", IMAGE_VARIABLE: "7", OTHERS[1]: ""}) as groomer:
        groomer.wait_until_gone(old)
    assert new.exists()


def test_default_is_fifteen_days(tmp_path: Path) -> None:
    old, new = write(tmp_path / "logs/old.log", 16), write(tmp_path / "logs/new.log", 14)
    with Groomer(tmp_path) as groomer:
        groomer.wait_until_gone(old)
    assert new.exists()


@pytest.mark.parametrize("name", [IMAGE_VARIABLE, *OTHERS])
def test_invalid_number_is_refused_by_its_name(tmp_path: Path, name: str) -> None:
    with Groomer(tmp_path, {name: "a week"}) as groomer:
        assert groomer.process.wait() == 78
    assert f"{name} is 'a week'" in groomer.output.read_text()


def test_link_to_the_logs_is_followed(tmp_path: Path) -> None:
    old = write(tmp_path / "volume/dag/old.log", 16)
    (tmp_path / "logs").symlink_to(tmp_path / "volume")
    with Groomer(tmp_path) as groomer:
        groomer.wait_until_gone(old)
    assert (tmp_path / "logs").is_symlink()


@pytest.mark.parametrize("where", ["variable", "airflow.cfg", "link", "inside", "outside"])
def test_base_log_folder_is_groomed_and_so_are_the_logs_of_airflow_home(tmp_path: Path, where: str) -> None:
    folder = {"inside": tmp_path / "logs/tasks", "outside": tmp_path}.get(where, tmp_path / "elsewhere")
    environ = {"AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(folder)}
    old = write(folder / "dag_id=a/old.log", 16)
    processor = write(tmp_path / "logs/dag_processor/old.log", 16)
    if where == "airflow.cfg":
        environ = {}
        (tmp_path / "airflow.cfg").write_text(f"[logging]\nbase_log_folder = {folder}\n")
    if where == "link":
        environ["AIRFLOW__LOGGING__BASE_LOG_FOLDER"] = str(tmp_path / "link")
        (tmp_path / "link").symlink_to(folder)
    with Groomer(tmp_path, environ) as groomer:
        groomer.wait_until_gone(old)
        groomer.wait_until_gone(processor)
    assert not old.exists()
    assert not processor.exists()


def test_older_name_of_base_log_folder_is_read_where_airflow_reads_it(tmp_path: Path) -> None:
    old = write(tmp_path / "elsewhere/old.log", 16)
    other = write(tmp_path / "logs/old.log", 16)
    with Groomer(tmp_path, {"AIRFLOW__CORE__BASE_LOG_FOLDER": str(tmp_path / "elsewhere")}) as groomer:
        groomer.wait_until_gone(other)
    assert old.exists() == (LINE != "2.11")


def test_unreadable_airflow_cfg_is_reported_and_the_default_folder_groomed(tmp_path: Path) -> None:
    old = write(tmp_path / "logs/old.log", 16)
    (tmp_path / "airflow.cfg").write_text("no section\n")
    with Groomer(tmp_path) as groomer:
        groomer.wait_until_gone(old)
    assert "airflow.cfg" in groomer.output.read_text()
    assert "Traceback" not in groomer.output.read_text()


@pytest.mark.parametrize("link", [False, True])
def test_missing_folder_is_waited_for(tmp_path: Path, link: bool) -> None:
    if link:
        (tmp_path / "logs").symlink_to(tmp_path / "not-there-yet")
    sleep = tmp_path / "bin/sleep"  # a short one, so that the next run comes at once
    sleep.parent.mkdir()
    sleep.write_text("#!/bin/sh\nexec /bin/sleep 0.1\n")
    sleep.chmod(0o755)
    environ = {"AIRFLOW__LOG_MAX_SIZE_PERCENT": "10", "PATH": f"{sleep.parent}:{BIN}:/usr/bin:/bin"}
    with Groomer(tmp_path, environ) as groomer:
        groomer.wait_until(lambda: "clean-logs: deleting" in groomer.output.read_text())
        groomer.wait_until_gone(write(tmp_path / ("not-there-yet" if link else "logs") / "old.log", 16))
    lines = groomer.output.read_text().splitlines()
    assert len(lines) == 1, lines


def test_oldest_files_go_until_the_rest_fits(tmp_path: Path) -> None:
    files = [write(tmp_path / f"logs/{days}.log", days, size=1000) for days in (1, 2, 3)]
    with Groomer(tmp_path, {"AIRFLOW__LOG_MAX_SIZE_BYTES": "2000"}) as groomer:
        groomer.wait_until_gone(files[2])
    assert [file.exists() for file in files] == [True, True, False]


def test_other_files_lost_and_found_and_linked_folders_stay(tmp_path: Path) -> None:
    kept = [
        write(tmp_path / "logs/other.txt", 99),
        write(tmp_path / "logs/lost+found/old.log", 99),
        write(tmp_path / "elsewhere/old.log", 99),
    ]
    (tmp_path / "logs/link").symlink_to(tmp_path / "elsewhere")
    old = write(tmp_path / "logs/a/old.log", 99)
    with Groomer(tmp_path) as groomer:
        groomer.wait_until_gone(old)
    assert [path.exists() for path in kept] == [True] * 3
