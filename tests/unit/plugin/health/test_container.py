"""Which component a container runs, from the operator's words or from its processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

import psutil  # type: ignore[import-untyped]
import pytest

from astro_runtime_plugin.health.container import (
    command_lines,
    container_subcommand,
    parse_words,
)
from entrypoint.command import parse

ENVIRON = {"PATH": "/usr/bin:/bin"}
UPGRADE = "(airflow db upgrade || airflow db init) && airflow scheduler"
INIT = ("tini", "--", "/entrypoint")
SCHEDULER = ("scheduler",)
SUBCOMMANDS = [
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
    (["tini", "--", "airflow", "scheduler"], SCHEDULER),
    (
        ["bash", "-c", 'exec airflow "$@"', "--", "celery", "worker", "-q", "a b"],
        ("celery", "worker", "-q", "a b"),
    ),
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
    ("airflow db migrate\nexec airflow api-server", ("api-server",)),
    ("exec /opt/bin/airflow celery worker --queues 'a b'", ("celery", "worker", "--queues", "a b")),
    ("(cd /x && airflow scheduler)", SCHEDULER),
    ("airflow scheduler;airflow version", SCHEDULER),
    ("airflow scheduler || airflow version", SCHEDULER),
    ("airflow db check; airflow version", ("version",)),
    (
        "airflow webserver -p ${PORT:-9000} --workers $WORKERS",
        ("webserver", "-p", "9000", "--workers", "$WORKERS"),
    ),
    ("airflow scheduler|tee log", SCHEDULER),
    ("airflow scheduler>log", SCHEDULER),
    ("exec airflow scheduler # not airflow triggerer", SCHEDULER),
    ("exec gosu airflow airflow scheduler", SCHEDULER),
    ("airflow db migrate && exec $PREFIX airflow scheduler", SCHEDULER),
    ("airflow db migrate && sh -c 'exec airflow scheduler'", SCHEDULER),
    ("exec python -m airflow scheduler -n 5 --pid=${PID:-/x}", ("scheduler", "-n", "5", "--pid=/x")),
    ("echo my-airflow", ()),
    ("", ()),
]
# Which component these run depends on a variable, or on the shell.
OPEN_SCRIPTS = [
    'exec airflow "$ROLE"',
    "airflow $1",
    "exec airflow ${ROLE} --verbose",
    "exec airflow celery $PART",
    'exec "$@"',
    "if [ $X ]; then exec airflow scheduler; else exec airflow triggerer; fi",
    "case $X in s) airflow scheduler;; *) airflow triggerer;; esac",
    ". /start.sh",
]
# A process that replaces its command line by a title, as Airflow's components do.
TITLED = """
import sys
from setproctitle import setproctitle
setproctitle("airflow scheduler")
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("words", "expected"), SUBCOMMANDS, ids=[" ".join(words) for words, _ in SUBCOMMANDS]
)
def test_operators_words_are_parsed(words: Sequence[str], expected: tuple[str, ...]) -> None:
    assert parse_words(words, ENVIRON) == expected


@pytest.mark.parametrize(("script", "expected"), SCRIPTS)
def test_component_of_a_script_counts(script: str, expected: tuple[str, ...]) -> None:
    assert parse_words(("bash", "-c", script), ENVIRON) == expected
    assert expected in (*parse(("bash", "-c", script), ENVIRON).inner, ())  # what the start waits for


@pytest.mark.parametrize("script", OPEN_SCRIPTS)
@pytest.mark.parametrize("running", [SCHEDULER, ("triggerer",), ("db", "migrate")], ids=str)
def test_processes_decide_what_a_script_leaves_open(script: str, running: tuple[str, ...]) -> None:
    init = (*INIT, "bash", "-c", script)
    processes = [init, ("sleep", "1"), ("/bin/python", "/bin/airflow", *running)]
    assert container_subcommand({**ENVIRON, "ROLE": "webserver"}, processes) == running


def test_last_component_of_a_script_counts_if_several_run() -> None:
    init = (*INIT, "bash", "-c", "airflow scheduler & exec airflow triggerer")
    processes = [init, ("airflow", "triggerer"), ("airflow", "scheduler")]
    assert container_subcommand(ENVIRON, processes) == ("triggerer",)
    assert container_subcommand(ENVIRON, [init, *reversed(processes)]) == ("triggerer",)
    assert container_subcommand(ENVIRON, [init]) == ("triggerer",)


def test_options_come_from_the_script_if_the_title_lacks_them() -> None:
    script = "exec airflow $ROLE --ssl-cert /cert.pem --port ${PORT:-9000}"
    processes = [(*INIT, "sh", "-c", script), ("airflow api_server -- host:0.0.0.0 port:9000",)]
    words = ("api-server", "--ssl-cert", "/cert.pem", "--port", "9000")
    assert container_subcommand({**ENVIRON, "ROLE": "api-server"}, processes) == words
    assert container_subcommand(ENVIRON, processes) == ("api-server", "--host=0.0.0.0", "--port=9000")


def test_variables_decide_while_no_process_runs() -> None:
    init = (*INIT, "bash", "-c", 'sleep 60; exec airflow "$ROLE"')
    assert container_subcommand({**ENVIRON, "ROLE": "celery worker"}, [init]) == ("celery", "worker")
    assert container_subcommand(ENVIRON, [init]) == ()


@pytest.mark.parametrize(
    "init", [INIT, ("/usr/bin/tini", "-g", "--", "/entrypoint"), ("/sbin/docker-init", "--", *INIT)], ids=str
)
@pytest.mark.parametrize("words", [("airflow", "scheduler"), ("bash", "-c", UPGRADE)], ids=str)
def test_command_line_of_init_wins(init: Sequence[str], words: Sequence[str]) -> None:
    assert container_subcommand(ENVIRON, [(*init, *words), ("airflow triggerer",)]) == SCHEDULER


def test_process_counts_if_init_runs_a_script_file() -> None:
    init = (*INIT, "bash", "/start.sh")
    assert container_subcommand(ENVIRON, [init]) == ()
    assert container_subcommand(ENVIRON, [init, ("airflow scheduler",)]) == SCHEDULER


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("airflow scheduler", *[""] * 39), SCHEDULER),  # a title, and the space that the words had
        (("airflow scheduler -- LocalExecutor",), ("scheduler", "--", "LocalExecutor")),
        (("airflow api_server -- host::: port:80",), ("api-server", "--host=::", "--port=80")),
        (("/bin/python3.11", "-m", "airflow", "triggerer"), ("triggerer",)),
        (("/bin/python /bin/airflow triggerer", "", ""), ("triggerer",)),
        (("/bin/airflow", "celery", "worker", "-q", "a b"), ("celery", "worker", "-q", "a b")),
        (
            ("[celeryd: mine@host:MainProcess] -active- (celery worker -q a)", "", ""),
            ("celery", "worker", "-q", "a", "--celery-hostname=mine@host"),
        ),
        (("[celeryd: mine@host:MainProcess]",), ("celery", "worker", "--celery-hostname=mine@host")),
        (("[celeryd: mine@host:ForkPoolWorker-1]",), ()),
        (("airflow task supervisor: ['airflow']",), ("task", "supervisor:", "['airflow']")),
        (("/opt/bin/python", "/opt/bin/airflow", "dag-processor"), ("dag-processor",)),
        (("airflow", "celery", "worker"), ("celery", "worker")),
        (("tail", "-f", "airflow", "scheduler"), ()),
        (("airflow",), ()),
    ],
    ids=str,
)
def test_process_counts_without_the_init(words: Sequence[str], expected: tuple[str, ...]) -> None:
    assert container_subcommand(ENVIRON, [("/pause",), words]) == expected


@pytest.mark.parametrize("flags", [("-lc",), ("-ec",), ("-e", "-c"), ("-euo", "pipefail", "-c")], ids=str)
def test_shell_may_have_other_flags(flags: tuple[str, ...]) -> None:
    assert parse_words(("bash", *flags, "exec airflow scheduler"), ENVIRON) == SCHEDULER


def test_oldest_process_counts() -> None:
    processes = [("/pause",), ("sh",), ("airflow scheduler",), (), ("airflow serve-logs",)]
    assert container_subcommand(ENVIRON, processes) == SCHEDULER


def test_container_without_a_process_has_no_subcommand() -> None:
    assert container_subcommand(ENVIRON, []) == ()


def test_command_lines_are_those_of_the_processes_the_oldest_first() -> None:
    words = ["sh", "-c", "echo ready; read -r end"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        lines = command_lines()
        process.communicate()
    assert lines[0] == psutil.Process(min(psutil.pids())).cmdline()
    assert words in lines


def test_real_process_title_is_parsed() -> None:
    words = [sys.executable, "-c", TITLED]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        command_line = psutil.Process(process.pid).cmdline()
        process.communicate()
    assert command_line != words
    assert container_subcommand({**os.environ}, [command_line]) == SCHEDULER
