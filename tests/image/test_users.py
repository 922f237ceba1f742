"""Any user and a read-only root: the component is healthy and logs no warnings."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from testing.docker_engine import assert_container_runs_cleanly, once

HOME = "/usr/local/airflow"
ANY = ["--user", "1000650000:0"]
READ_ONLY = ["--read-only", "--tmpfs", "/tmp", "--tmpfs", "/home/astro", "--tmpfs"]
BARE = ["--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
# No tmpfs on AIRFLOW_HOME, which would hide a project's files: only on the logs and the user's home.
KEPT = [f"{HOME}/logs", "--env", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=sqlite:////home/astro/airflow.db"]
WAYS: Mapping[str, list[str]] = {
    "root": ["--user", "0"],
    "a read-only root": [*READ_ONLY, *KEPT],
    "any user of group 0, a read-only root with a project's files": [*ANY, *READ_ONLY, *KEPT],
    "any user of group 0, a read-only root, no capabilities": [*ANY, *READ_ONLY, HOME, *BARE],
}
ROOT_WARNING = "this container runs as root"
# Reads airflow.cfg, which `version` does not.
GET_VALUE = ("airflow", "config", "get-value", "core", "executor")
MIGRATED = ["--env", "_AIRFLOW_DB_MIGRATE=true"]


@pytest.mark.parametrize("way", WAYS)
def test_scheduler_becomes_healthy_and_exits_when_it_is_stopped(slim: str, way: str) -> None:
    with assert_container_runs_cleanly(
        slim, "scheduler", options=[*MIGRATED, *WAYS[way]], expected=[ROOT_WARNING]
    ) as up:
        up.wait_until_healthy()
        assert up.stop() == 0, up.log()


def test_root_is_warned_once(slim: str) -> None:
    done = once(slim, "bash", "-c", "true", options=["--user", "0"])
    assert done.stderr.count(ROOT_WARNING) == 1


def test_unknown_user_has_a_home_and_a_name(slim: str) -> None:
    done = once(
        slim,
        "bash",
        "-c",
        "echo $HOME $USER; python -c 'import getpass; print(getpass.getuser())'",
        options=ANY,
    )
    assert done.stdout.split() == ["/home/astro", "astro", "astro"], done


def test_files_are_writable_for_other_users_of_the_group(slim: str) -> None:
    done = once(slim, "bash", "-c", f"mkdir {HOME}/logs/new && stat -c %a:%g {HOME}/logs/new", options=ANY)
    assert done.stdout.strip() == "775:0", done


def test_command_runs_if_only_the_logs_are_writable(slim: str) -> None:
    done = once(slim, *GET_VALUE, options=[*READ_ONLY, f"{HOME}/logs"])
    assert done.returncode == 0, done


def test_command_past_the_entrypoint_runs_if_only_the_logs_are_writable(slim: str) -> None:
    """So does `docker exec`: Airflow has to create its airflow.cfg all the same."""
    done = once(slim, *GET_VALUE[1:], options=[*READ_ONLY, f"{HOME}/logs", "--entrypoint", GET_VALUE[0]])
    assert done.returncode == 0, done
