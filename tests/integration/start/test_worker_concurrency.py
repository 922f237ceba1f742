"""The concurrency of a Celery worker: start and hook calculate it unless the operator has set it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from entrypoint.capacity import worker_concurrency
from entrypoint.host_limits import read_limits
from testing.entrypoint_process import CHECKOUT, environment

VARIABLE = "AIRFLOW__CELERY__WORKER_CONCURRENCY"
CALCULATED = str(worker_concurrency(read_limits()).value)
AIRFLOW_DEFAULT = "16"
# Prints the default of the worker's command line, which the Celery provider reads when it builds Airflow's parser.
PRINT_CONCURRENCY = """
import sys
sys.argv = ["airflow", *sys.argv[1:]]
from airflow.configuration import conf
print(conf.getint("celery", "worker_concurrency"))
"""
# A program called `airflow` that does the same.
AIRFLOW = f"#!{sys.executable}\n{PRINT_CONCURRENCY}"
WORKER = ("celery", "worker")
PROGRAMS = {
    "start": (sys.executable, "-m", "entrypoint", "airflow"),
    "hook": (sys.executable, "-c", PRINT_CONCURRENCY),
}
CASES = {
    "the environment": ({VARIABLE: "3"}, "", WORKER, "3"),
    "airflow.cfg": ({}, "[celery]\nworker_concurrency = 4\n", WORKER, "4"),
    "Airflow's default": ({VARIABLE: AIRFLOW_DEFAULT}, "", WORKER, AIRFLOW_DEFAULT),
    "nothing": ({}, "", WORKER, CALCULATED),
    "the command line": ({}, "", (*WORKER, "--concurrency", "5"), AIRFLOW_DEFAULT),
    "short option": ({}, "", (*WORKER, "-c5"), AIRFLOW_DEFAULT),
    "a pool that Celery scales": ({"AIRFLOW__CELERY__WORKER_AUTOSCALE": "8,2"}, "", WORKER, AIRFLOW_DEFAULT),
    "another component": ({}, "", ("scheduler",), AIRFLOW_DEFAULT),
}


def run_with_home(
    tmp_path: Path, words: Sequence[str], environ: Mapping[str, str], cfg: str
) -> subprocess.CompletedProcess[str]:
    """Run a program with a temporary AIRFLOW_HOME, and with AIRFLOW as `airflow` on PATH."""
    (tmp_path / "airflow.cfg").write_text(cfg)
    airflow = tmp_path / "bin" / "airflow"
    airflow.parent.mkdir()
    airflow.write_text(AIRFLOW)
    airflow.chmod(0o755)
    env = environment(tmp_path, {**environ, "CONNECTION_CHECK_MAX_COUNT": "0"})
    env["PATH"] = f"{airflow.parent}:{env['PATH']}"
    return subprocess.run(
        words, env=env, cwd=CHECKOUT, capture_output=True, text=True, timeout=300, check=True
    )


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("program", PROGRAMS)
def test_worker_concurrency_is_override_or_calculated(tmp_path: Path, case: str, program: str) -> None:
    environ, cfg, words, expected = CASES[case]
    result = run_with_home(tmp_path, [*PROGRAMS[program], *words], environ, cfg)
    assert result.stdout.splitlines()[-1] == expected, result.stderr


@pytest.mark.parametrize("program", PROGRAMS)
def test_reason_is_logged_once(tmp_path: Path, program: str) -> None:
    result = run_with_home(tmp_path, [*PROGRAMS[program], *WORKER], {"AIRFLOW_CORE_PARALLELISM": "9"}, "")
    assert result.stderr.count("forwarded from AIRFLOW_CORE_PARALLELISM") == 1
    assert (
        result.stderr.count(
            f"astro-runtime: {VARIABLE}={CALCULATED} ({worker_concurrency(read_limits()).why})"
        )
        == 1
    )
