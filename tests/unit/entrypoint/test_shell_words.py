"""The airflow commands within what people write as a container's command."""

from __future__ import annotations

import shlex

import pytest

from entrypoint.shell_words import MAX_DEPTH, airflow_commands

ENVIRON = {"ROLE": "scheduler", "PARTS": "celery worker", "EMPTY": ""}
MIGRATE, SCHEDULER, WORKER, VERSION = ("db", "migrate"), ("scheduler",), ("celery", "worker"), ("version",)
SCRIPTS = [
    ("airflow scheduler", [SCHEDULER]),
    ("airflow db migrate && exec airflow scheduler", [MIGRATE, SCHEDULER]),
    ("airflow db migrate; /home/astro/.local/bin/airflow scheduler", [MIGRATE, SCHEDULER]),
    ("airflow db migrate\nairflow scheduler\n", [MIGRATE, SCHEDULER]),
    ("exec \\\nairflow celery \\\n  worker", [WORKER]),
    ("set -euo pipefail; cd /tmp && A=1 B='x y' exec airflow scheduler", [SCHEDULER]),
    ("airflow scheduler || airflow version", [SCHEDULER, VERSION]),
    ("(airflow scheduler &) ; airflow version | cat", [SCHEDULER, VERSION]),
    ("if ! airflow db migrate; then exit 1; else exec airflow scheduler; fi", [MIGRATE, SCHEDULER]),
    ("until airflow version; do sleep 1; done", [VERSION]),
    ("{ airflow scheduler; }", [SCHEDULER]),
    ("airflow scheduler > /tmp/airflow.log", [SCHEDULER]),
    ("# don't\nairflow scheduler # airflow version", [SCHEDULER]),
    ("X='a#b' airflow scheduler", [SCHEDULER]),
    ('exec airflow "$ROLE"', [SCHEDULER]),
    ("airflow $PARTS", [WORKER]),
    ("airflow ${NONE:-scheduler}", [SCHEDULER]),
    ("airflow ${EMPTY} scheduler", [SCHEDULER]),
    ("airflow $NONE scheduler", [SCHEDULER]),
    ("$NONE airflow scheduler", [SCHEDULER]),
    ("airflow ${NONE:-$ROLE}", [SCHEDULER]),
    ("airflow ${NONE-${OTHER:-${ROLE}}}", [()]),
    ("airflow ${NONE-${OTHER:-scheduler}}", [SCHEDULER]),
    (
        "airflow $ROLE -n $NONE --pid=/run/${ROLE}.pid",
        [(*SCHEDULER, "-n", "$NONE", "--pid=/run/scheduler.pid")],
    ),
    ("eval 'airflow scheduler'", [SCHEDULER]),
    ("sh -c 'airflow scheduler'", [SCHEDULER]),
    ("timeout -s INT 5 nice -n 10 airflow scheduler", [SCHEDULER]),
    ("env -u X Y=1 airflow scheduler", [SCHEDULER]),
    ("exec -a name airflow scheduler", [SCHEDULER]),
    ("time -p airflow scheduler", [SCHEDULER]),
    ("ddtrace-run airflow scheduler", [SCHEDULER]),
    ("opentelemetry-instrument airflow scheduler", [SCHEDULER]),
    ("newrelic-admin run-program airflow scheduler", [SCHEDULER]),
    ("uv run airflow scheduler", [SCHEDULER]),
    ("sudo -E -u airflow airflow scheduler", [SCHEDULER]),
    ("su airflow -c 'airflow scheduler'", [SCHEDULER]),
    ("taskset 1 airflow scheduler", [SCHEDULER]),
    ("setpriv --reuid 50000 airflow scheduler", [SCHEDULER]),
    ("python -m airflow scheduler", [SCHEDULER]),
    ("echo airflow scheduler", []),
    ("grep airflow scheduler", []),
    ("'unbalanced airflow scheduler", []),
    ("", []),
]


@pytest.mark.parametrize(("script", "commands"), SCRIPTS, ids=[script for script, _ in SCRIPTS])
def test_commands_of_a_script(script: str, commands: list[tuple[str, ...]]) -> None:
    assert list(airflow_commands(["bash", "-c", script], ENVIRON)) == commands


@pytest.mark.parametrize(
    ("script", "commands"),
    [
        ('exec airflow "$ROLE"', [("$ROLE",)]),
        ("airflow ${ROLE:-scheduler} -n 'a $N'", [("${ROLE:-scheduler}", "-n", "a $N")]),
        ('airflow db migrate; exec airflow "$@"', [MIGRATE, WORKER]),
        ("airflow $1 $2 ${3:-version} $4", [(*WORKER, "version")]),
        ("exec $PREFIX airflow scheduler", [SCHEDULER]),
    ],
)
def test_variables_stay_without_an_environment(script: str, commands: list[tuple[str, ...]]) -> None:
    assert list(airflow_commands(["bash", "-c", script, "-", *WORKER], None)) == commands


@pytest.mark.parametrize(
    "words",
    [
        "bash -c",
        "sh -c",
        "/bin/dash -ec",
        "bash -lc",
        "bash -euxo pipefail -c",
        "bash -o pipefail -c",
        "bash --norc --rcfile x -c",
        "bash -c --",
        "bash -c -e",
        "tini -- bash -c",
        "/usr/bin/dumb-init -r 15:3 -- sh -c",
        "env X=Y bash -c",
        "gosu astro bash -c",
    ],
)
def test_shell_with_a_command(words: str) -> None:
    assert list(airflow_commands([*words.split(), "airflow scheduler"], {})) == [SCHEDULER]


@pytest.mark.parametrize(
    "words",
    [
        "tini -- airflow scheduler",
        "tini -g -e 143 -- airflow scheduler",
        "/usr/bin/dumb-init -- /opt/bin/airflow scheduler",
        "dumb-init --single-child airflow scheduler",
        "env -- A=B airflow scheduler",
        "nohup airflow scheduler",
        "python3.12 -u -m airflow scheduler",
        """bash -c 'exec airflow "$@"' -- scheduler""",
        """bash -c 'airflow $1' x scheduler""",
        """bash -c "bash -c 'airflow scheduler'" """,
    ],
)
def test_launcher_with_a_command(words: str) -> None:
    assert list(airflow_commands(shlex.split(words), {})) == [SCHEDULER]


@pytest.mark.parametrize(
    "words",
    ["bash", "bash -c", "bash run.sh airflow scheduler", "sh -x airflow", "tini", "env A=B", "-c airflow"],
)
def test_no_airflow_command(words: str) -> None:
    assert list(airflow_commands(words.split(), {})) == []


@pytest.mark.parametrize(("depth", "commands"), [(MAX_DEPTH, [SCHEDULER]), (MAX_DEPTH + 1, [])])
@pytest.mark.parametrize("runner", [["bash", "-c"], ["eval"]])
def test_commands_within_commands_have_a_limit(
    runner: list[str], depth: int, commands: list[tuple[str, ...]]
) -> None:
    words = ["airflow", "scheduler"]
    for _ in range(depth):
        words = [*runner, shlex.join(words)]
    assert list(airflow_commands(words, {})) == commands
