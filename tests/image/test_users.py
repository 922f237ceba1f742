"""Whoever the container runs as, and whatever it may not write: the component is healthy and complains of nothing."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.image.docker import container, once

HOME = "/usr/local/airflow"
ANY = ["--user", "1000650000:0"]
READ_ONLY = ["--read-only", "--tmpfs", "/tmp", "--tmpfs", "/home/astro", "--tmpfs"]
BARE = ["--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
# Without a tmpfs on AIRFLOW_HOME, which would hide a project's files: the logs, and the user's own home.
KEPT = [f"{HOME}/logs", "--env", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=sqlite:////home/astro/airflow.db"]
WAYS: Mapping[str, list[str]] = {
    "root": ["--user", "0"],
    "a read-only root": [*READ_ONLY, *KEPT],
    "any user of group 0, a read-only root with a project's files": [*ANY, *READ_ONLY, *KEPT],
    "any user of group 0, a read-only root, no capabilities": [*ANY, *READ_ONLY, HOME, *BARE],
}
ROOT_IS_WARNED = "this container runs as root"
MIGRATED = ["--env", "_AIRFLOW_DB_MIGRATE=true"]


@pytest.mark.parametrize("way", WAYS)
def test_a_scheduler_becomes_healthy_and_ends_when_it_is_told(slim: str, way: str) -> None:
    with container(slim, "scheduler", options=[*MIGRATED, *WAYS[way]], expected=[ROOT_IS_WARNED]) as up:
        up.until_healthy()
        assert up.stop() == 0, up.log()


def test_root_is_warned_once(slim: str) -> None:
    done = once(slim, "bash", "-c", "true", options=["--user", "0"])
    assert done.stderr.count(ROOT_IS_WARNED) == 1


def test_a_user_whom_the_image_does_not_know_has_a_home_and_a_name(slim: str) -> None:
    done = once(
        slim,
        "bash",
        "-c",
        "echo $HOME $USER; python -c 'import getpass; print(getpass.getuser())'",
        options=ANY,
    )
    assert done.stdout.split() == ["/home/astro", "astro", "astro"], done


def test_what_one_user_of_the_group_writes_the_next_may_change(slim: str) -> None:
    done = once(slim, "bash", "-c", f"mkdir {HOME}/logs/one && stat -c %a:%g {HOME}/logs/one", options=ANY)
    assert done.stdout.strip() == "775:0", done


def test_where_only_the_logs_can_be_written_a_command_runs(slim: str) -> None:
    done = once(slim, "airflow", "version", options=[*READ_ONLY, f"{HOME}/logs"])
    assert done.returncode == 0, done
