"""Parsing of the command line, and what the command needs before it starts."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from entrypoint.command import BROKER, DATABASE, SUBCOMMANDS, find_executable, find_program, parse
from entrypoint.errors import NOT_EXECUTABLE, NOT_FOUND, USAGE, StartError

ENVIRON = {"PATH": "/usr/bin:/bin"}
BOTH, NOTHING = (DATABASE, BROKER), ()
CASES = [
    # command line, words to run, needs, whether migration and first user apply
    ("scheduler", "airflow scheduler", BOTH, True),
    ("airflow scheduler -n 5", "airflow scheduler -n 5", BOTH, True),
    ("/opt/bin/airflow scheduler", "/opt/bin/airflow scheduler", BOTH, True),
    ("scheduler --help", "airflow scheduler --help", NOTHING, True),
    ("airflow -h", "airflow -h", NOTHING, True),
    ("airflow", "airflow", NOTHING, True),
    ("api-server", "airflow api-server", (DATABASE,), True),
    ("dag-processor", "airflow dag-processor", (DATABASE,), True),
    ("triggerer", "airflow triggerer", (DATABASE,), True),
    ("standalone", "airflow standalone", (DATABASE,), True),
    ("celery worker", "airflow celery worker", (BROKER,), True),
    ("airflow celery flower", "airflow celery flower", (BROKER,), True),
    ("db migrate", "airflow db migrate", (DATABASE,), True),
    ("db check", "airflow db check", NOTHING, False),
    ("db check-migrations", "airflow db check-migrations", (DATABASE,), True),
    ("users create", "airflow users create", (DATABASE,), True),
    ("version", "airflow version", NOTHING, True),
    ("config list", "airflow config list", NOTHING, True),
    ("jobs check --local", "airflow jobs check --local", NOTHING, False),
    ("tasks run a b c", "airflow tasks run a b c", NOTHING, False),
    ("provider-subcommand x", "airflow provider-subcommand x", NOTHING, True),
    ("bash -c true", "bash -c true", NOTHING, True),
    ("bash", "bash", NOTHING, True),
    ("python -m airflow.sdk.execution_time.execute_workload x", None, NOTHING, False),
    ("python -m celery --app x inspect ping", None, NOTHING, False),
    ("python script.py", "python script.py", NOTHING, True),
    ("/bin/sh -c true", "/bin/sh -c true", NOTHING, True),
    ("./missing", "./missing", NOTHING, True),
    ("sleep 1", "sleep 1", NOTHING, True),
    ("tini -- airflow scheduler", "tini -- airflow scheduler", BOTH, True),
    ("/usr/bin/env X=Y airflow jobs check", "/usr/bin/env X=Y airflow jobs check", NOTHING, False),
]
# The text of `bash -c`, and what it needs on both lines.
SCRIPTS = [
    ("airflow db migrate && exec airflow scheduler", BOTH, BOTH),
    ("exec airflow celery worker", (BROKER,), BOTH),
    ("airflow scheduler --help; airflow triggerer -h", NOTHING, NOTHING),
    ("airflow jobs check", NOTHING, NOTHING),
    ("echo airflow", NOTHING, NOTHING),
]


@pytest.mark.parametrize(("script", "needs_3", "needs_2"), SCRIPTS, ids=[script for script, *_ in SCRIPTS])
def test_shell_needs_what_its_commands_need(
    script: str, needs_3: tuple[str, ...], needs_2: tuple[str, ...]
) -> None:
    command = parse(["bash", "-c", script], ENVIRON)
    assert command.words == ["bash", "-c", script]
    assert (command.needs("3.3"), command.needs("2.11")) == (needs_3, needs_2)
    assert command.needs_setup is ("jobs" not in script)


@pytest.mark.parametrize(("line", "words", "needs", "needs_setup"), CASES, ids=[case[0] for case in CASES])
def test_command_has_words_and_needs(
    line: str, words: str | None, needs: tuple[str, ...], needs_setup: bool
) -> None:
    command = parse(line.split(), ENVIRON)
    assert command.words == (words or line).split()
    assert command.needs("3.3") == needs
    assert command.needs_setup is needs_setup


def test_parse_rejects_empty_command_line() -> None:
    with pytest.raises(StartError) as error:
        parse([], ENVIRON)
    assert error.value.code == USAGE
    assert "usage: entrypoint COMMAND" in str(error.value)


def test_parse_keeps_words_unchanged() -> None:
    words = ["airflow", "dags", "trigger", "", " a b ", "--conf", '{"x": "$HOME"}', "\udcff"]
    assert parse(words, ENVIRON).words == words


def program(folder: Path, name: str, mode: int = 0o755) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("#!/bin/sh\n")
    (folder / name).chmod(mode)
    return folder / name


def test_subcommand_wins_over_program(tmp_path: Path) -> None:
    for word in SUBCOMMANDS:
        program(tmp_path, word)
        assert parse([word], {"PATH": str(tmp_path)}).words == ["airflow", word]


def test_other_word_is_program_if_installed(tmp_path: Path) -> None:
    assert parse(["tool"], {"PATH": str(tmp_path)}).words == ["airflow", "tool"]
    program(tmp_path, "tool")
    assert parse(["tool"], {"PATH": str(tmp_path)}).words == ["tool"]


def test_find_program_follows_execvp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"{tmp_path / 'a'}:{tmp_path / 'b'}"
    (tmp_path / "a" / "tool").mkdir(parents=True)  # a folder is not a program
    program(tmp_path / "a", "no-x-bit", 0o644)
    tool = program(tmp_path / "b", "tool")
    assert find_program("tool", {"PATH": path}) == str(tool)
    assert find_program("no-x-bit", {"PATH": path}) is None
    assert find_program(str(tool), {}) == str(tool)
    assert find_program("sh", {}) is not None  # without PATH: the system's default folders
    monkeypatch.chdir(tmp_path / "b")
    assert find_program("tool", {"PATH": ":/nowhere"}) == "tool"  # an empty entry means the working folder


def test_find_executable_appends_python_folder_to_path() -> None:
    environ = dict(ENVIRON)
    path = find_executable(parse(["airflow", "version"], environ), environ)
    python_folder = str(Path(sys.executable).parent)
    assert path == f"{python_folder}/airflow"
    assert environ["PATH"] == f"/usr/bin:/bin:{python_folder}"


@pytest.mark.parametrize(
    ("name", "code"), [("no-x-bit", NOT_EXECUTABLE), ("missing", NOT_FOUND), (".", NOT_EXECUTABLE)]
)
def test_find_executable_rejects_what_cannot_run(tmp_path: Path, name: str, code: int) -> None:
    program(tmp_path, "no-x-bit", 0o644)
    word = f"{tmp_path}/{name}"
    with pytest.raises(StartError) as error:
        find_executable(parse([word], ENVIRON), dict(ENVIRON))
    assert error.value.code == code
    assert str(error.value).startswith(word)


def test_missing_bash_is_not_an_airflow_subcommand(tmp_path: Path) -> None:
    environ = {"PATH": str(tmp_path)}
    with pytest.raises(StartError) as error:
        find_executable(parse(["bash"], environ), environ)
    assert error.value.code == NOT_FOUND
