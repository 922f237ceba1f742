"""The tasks of a Celery worker: worked out where one starts and the operator has said nothing, by start and hook."""

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
OURS = str(worker_concurrency(read_limits()).value)
STOCK = "16"
# What the worker's command line takes as its default: the Celery provider reads it where Airflow's parser is built.
ASK = """
import sys
sys.argv = ["airflow", *sys.argv[1:]]
from airflow.configuration import conf
print(conf.getint("celery", "worker_concurrency"))
"""
# An `airflow` for the start to become, which does the same.
AIRFLOW = f"#!{sys.executable}\n{ASK}"
WORKER = ("celery", "worker")
HOW = {"start": (sys.executable, "-m", "entrypoint", "airflow"), "hook": (sys.executable, "-c", ASK)}
SAID = {
    "the environment": ({VARIABLE: "3"}, "", WORKER, "3"),
    "airflow.cfg": ({}, "[celery]\nworker_concurrency = 4\n", WORKER, "4"),
    "Airflow's own number": ({VARIABLE: STOCK}, "", WORKER, STOCK),
    "nothing": ({}, "", WORKER, OURS),
    "the command line": ({}, "", (*WORKER, "--concurrency", "5"), STOCK),
    "the command line, in short": ({}, "", (*WORKER, "-c5"), STOCK),
    "a pool that Celery scales": ({"AIRFLOW__CELERY__WORKER_AUTOSCALE": "8,2"}, "", WORKER, STOCK),
    "another component": ({}, "", ("scheduler",), STOCK),
}


def asked(
    tmp_path: Path, words: Sequence[str], environ: Mapping[str, str], cfg: str
) -> subprocess.CompletedProcess[str]:
    """Run a program with a home and an `airflow` of its own."""
    (tmp_path / "airflow.cfg").write_text(cfg)
    airflow = tmp_path / "bin" / "airflow"
    airflow.parent.mkdir()
    airflow.write_text(AIRFLOW)
    airflow.chmod(0o755)
    told = environment(tmp_path, {**environ, "CONNECTION_CHECK_MAX_COUNT": "0"})
    told["PATH"] = f"{airflow.parent}:{told['PATH']}"
    return subprocess.run(
        words, env=told, cwd=CHECKOUT, capture_output=True, text=True, timeout=120, check=True
    )


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("how", HOW)
def test_the_worker_has_what_the_operator_says_or_what_its_container_may_use(
    tmp_path: Path, said: str, how: str
) -> None:
    environ, cfg, words, expected = SAID[said]
    done = asked(tmp_path, [*HOW[how], *words], environ, cfg)
    assert done.stdout.splitlines()[-1] == expected, done.stderr


@pytest.mark.parametrize("how", HOW)
def test_the_reason_stands_in_the_log_once(tmp_path: Path, how: str) -> None:
    done = asked(tmp_path, [*HOW[how], *WORKER], {"AIRFLOW_CORE_PARALLELISM": "9"}, "")
    assert done.stderr.count("carried from AIRFLOW_CORE_PARALLELISM") == 1
    assert (
        done.stderr.count(f"astro-runtime: {VARIABLE}={OURS} ({worker_concurrency(read_limits()).why})") == 1
    )
