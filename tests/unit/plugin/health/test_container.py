"""Which component a container runs, from the words that an operator gave it or from its processes."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from astro_runtime_plugin.health.container import (
    command_line,
    container_subcommand,
    last_airflow,
    parse_words,
)

ENVIRON = {"PATH": "/usr/bin:/bin"}
UPGRADE = "(airflow db upgrade || airflow db init) && airflow scheduler"
INIT = ("tini", "--", "/entrypoint")
SCHEDULER = ("scheduler",)
MEANT = [
    (["scheduler"], SCHEDULER),
    (["airflow", "scheduler"], SCHEDULER),
    (["/opt/bin/airflow", "scheduler", "-n", "5"], ("scheduler", "-n", "5")),
    (["celery", "worker", "-q", "a b"], ("celery", "worker", "-q", "a b")),
    (["airflow", "celery", "worker"], ("celery", "worker")),
    (["api-server", "--port", "80"], ("api-server", "--port", "80")),
    (["airflow", "webserver"], ("webserver",)),
    (["airflow", "standalone"], ("standalone",)),
    (["airflow", "version"], ("version",)),
    (["version"], ("version",)),
    (["airflow"], ()),
    (["bash", "-c", "exec airflow scheduler"], SCHEDULER),
    (["bash", "-c", UPGRADE], SCHEDULER),
    (["/bin/sh", "-c", "airflow db migrate; exec airflow triggerer"], ("triggerer",)),
    (["bash", "-c", "sleep 5"], ()),
    (["bash", "-c", "exec airflow 'scheduler"], ()),
    (["bash"], ()),
    (["bash", "-c"], ()),
    (["python", "-m", "http.server"], ()),
    (["sleep", "infinity"], ()),
    ([], ()),
]
SCRIPTS = [
    ("exec \\\nairflow celery worker", ("celery", "worker")),  # the official chart's worker and flower
    ("export X=a#b && exec airflow scheduler", ("scheduler",)),
    ("echo $# && exec airflow scheduler", ("scheduler",)),
    ("airflow scheduler || echo airflow failed", ("scheduler",)),
    ("# airflow triggerer\nif true; then\nX=1 airflow scheduler\nfi  # done", ("scheduler",)),
    ("airflow scheduler & exec airflow triggerer", ("triggerer",)),
    ("airflow db migrate\nexec airflow api-server", ("api-server",)),
    ("exec /opt/bin/airflow celery worker --queues 'a b'", ("celery", "worker", "--queues", "a b")),
    ("(cd /x && airflow scheduler)", SCHEDULER),
    ("airflow scheduler;airflow version", ("version",)),
    ("airflow scheduler|tee log", SCHEDULER),
    ("airflow scheduler>log", SCHEDULER),
    ("exec airflow scheduler # not airflow triggerer", SCHEDULER),
    ("echo my-airflow", ()),
    ("", ()),
]


def process(proc: Path, pid: int, *words: str, end: str = "\0") -> None:
    """Write the command line of a process as the kernel shows it."""
    (proc / str(pid)).mkdir(parents=True)
    (proc / str(pid) / "cmdline").write_bytes("\0".join(words).encode() + end.encode())


@pytest.mark.parametrize(("words", "expected"), MEANT, ids=[" ".join(words) for words, _ in MEANT])
def test_what_an_operator_s_words_mean(words: Sequence[str], expected: tuple[str, ...]) -> None:
    assert parse_words(words, ENVIRON) == expected


@pytest.mark.parametrize(("script", "expected"), SCRIPTS)
def test_a_script_means_its_last_airflow(script: str, expected: tuple[str, ...]) -> None:
    assert last_airflow(script) == expected


@pytest.mark.parametrize(
    "init", [INIT, ("/usr/bin/tini", "-g", "--", "/entrypoint"), ("/sbin/docker-init", "--", *INIT)], ids=str
)
@pytest.mark.parametrize("words", [("airflow", "scheduler"), ("bash", "-c", UPGRADE)], ids=str)
def test_the_init_s_command_line_tells(tmp_path: Path, init: Sequence[str], words: Sequence[str]) -> None:
    process(tmp_path, 1, *init, *words)
    process(tmp_path, 7, "airflow triggerer")  # what runs beside it is not asked
    assert container_subcommand(ENVIRON, tmp_path) == SCHEDULER


def test_where_the_init_has_a_script_of_the_operators_its_process_tells(tmp_path: Path) -> None:
    process(tmp_path, 1, *INIT, "bash", "/start.sh")
    assert container_subcommand(ENVIRON, tmp_path) == ()
    process(tmp_path, 7, "airflow scheduler")
    assert container_subcommand(ENVIRON, tmp_path) == SCHEDULER


@pytest.mark.parametrize(
    ("words", "end", "expected"),
    [
        (("airflow scheduler",), "\0" * 40, SCHEDULER),  # a title, and the room that the words had
        (("airflow scheduler -- LocalExecutor",), "\0", ("scheduler", "--", "LocalExecutor")),
        (("airflow api_server -- host:0.0.0.0",), "\0", ("api-server", "--", "host:0.0.0.0")),
        (("/opt/bin/python", "/opt/bin/airflow", "dag-processor"), "\0", ("dag-processor",)),
        (("airflow", "celery", "worker"), "", ("celery", "worker")),
        (("tail", "-f", "airflow", "scheduler"), "\0", ()),
        (("airflow",), "\0", ()),
    ],
    ids=str,
)
def test_without_the_init_a_process_tells(
    tmp_path: Path, words: Sequence[str], end: str, expected: tuple[str, ...]
) -> None:
    process(tmp_path, 1, "/pause")
    process(tmp_path, 12, *words, end=end)
    assert container_subcommand(ENVIRON, tmp_path) == expected


@pytest.mark.parametrize("flags", [("-lc",), ("-ec",), ("-e", "-c"), ("-euo", "pipefail", "-c")], ids=str)
def test_the_shell_may_have_other_flags(flags: tuple[str, ...]) -> None:
    assert parse_words(("bash", *flags, "exec airflow scheduler"), ENVIRON) == SCHEDULER


def test_the_oldest_process_tells(tmp_path: Path) -> None:
    for pid, title in ((1, "/pause"), (100, "airflow serve-logs"), (9, "airflow scheduler"), (8, "sh")):
        process(tmp_path, pid, title)
    (tmp_path / "self").mkdir()
    (tmp_path / "10").mkdir()  # it ended while it was looked at
    assert container_subcommand(ENVIRON, tmp_path) == SCHEDULER


def test_no_process_at_all(tmp_path: Path) -> None:
    assert container_subcommand(ENVIRON, tmp_path) == ()


def test_a_real_process_has_its_words(tmp_path: Path) -> None:
    words = ["sh", "-c", "echo up; read -r end"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "up\n"
        assert command_line(Path(f"/proc/{process.pid}")) == words
    assert command_line(tmp_path) == []
