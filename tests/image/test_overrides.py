"""However an operator overrides a default, the component and `docker exec` have the same value."""

from __future__ import annotations

from pathlib import Path

import pytest

from testing.docker_engine import assert_container_runs_cleanly, docker, once

CFG = "[scheduler]\nmax_tis_per_query = 48\n"
ENV = ["--env", "AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY=32"]
GET_VALUE = ["airflow", "config", "get-value", "scheduler", "max_tis_per_query"]
# Stores the value of the main process for `docker exec` to read, and keeps running.
MAIN = f"{' '.join(GET_VALUE)} 2>/dev/null >/tmp/main; echo stored; exec sleep 600"
WAYS = {
    "nothing": ([], False, "512"),
    "the environment": (ENV, False, "32"),
    "airflow.cfg": ([], True, "48"),
    "both": (ENV, True, "32"),
    "airflow.cfg elsewhere": (["--env", "AIRFLOW_CONFIG=/cfg/airflow.cfg"], True, "48"),
}


@pytest.fixture(scope="module")
def cfg(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An airflow.cfg as the chart mounts it: a file, read-only."""
    path = tmp_path_factory.mktemp("cfg") / "airflow.cfg"
    path.write_text(CFG)
    path.chmod(0o644)
    return path


@pytest.mark.parametrize("way", WAYS)
def test_main_process_and_docker_exec_have_the_same_value(slim: str, cfg: Path, way: str) -> None:
    options, mounted, expected = WAYS[way]
    path = (
        "/cfg/airflow.cfg" if options and mounted and "CONFIG" in options[1] else "/opt/airflow/airflow.cfg"
    )
    mount = ["--volume", f"{cfg}:{path}:ro"] if mounted else []
    with assert_container_runs_cleanly(slim, "bash", "-c", MAIN, options=[*options, *mount]) as up:
        up.wait_until_logged("stored")
        assert up.exec("cat", "/tmp/main") == expected
        assert up.exec(*GET_VALUE).splitlines()[-1] == expected


def test_env_line_of_a_derived_image_overrides_the_default(slim: str, line: str) -> None:
    image = f"overrides:{line}"  # the other line's tests may run at the same time
    docker("build", "--tag", image, "-", stdin=f"FROM {slim}\nENV AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY=7\n")
    try:
        assert once(image, *GET_VALUE).stdout.strip() == "7"
    finally:
        docker("image", "rm", image)
