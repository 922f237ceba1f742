"""From the command line to the component, what it needs, and what is prepared before it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from entrypoint.command import BROKER, DATABASE, SUBCOMMANDS, find_executable, find_program, parse
from entrypoint.errors import NOT_EXECUTABLE, NOT_FOUND, USAGE, StartError

ENVIRON = {"PATH": "/usr/bin:/bin"}
BOTH, NOTHING = (DATABASE, BROKER), ()
CASES = [
    # command line, words that run, needs, whether migration and first user are meant
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
    ("provider-made-subcommand x", "airflow provider-made-subcommand x", NOTHING, True),
    ("bash -c true", "bash -c true", NOTHING, True),
    ("bash", "bash", NOTHING, True),
    ("python -m airflow.sdk.execution_time.execute_workload x", None, NOTHING, False),
    ("python -m celery --app x inspect ping", None, NOTHING, False),
    ("python script.py", "python script.py", NOTHING, True),
    ("/bin/sh -c true", "/bin/sh -c true", NOTHING, True),
    ("./not-there", "./not-there", NOTHING, True),
    ("sleep 1", "sleep 1", NOTHING, True),
]


@pytest.mark.parametrize(("line", "words", "needs", "prepares"), CASES, ids=[case[0] for case in CASES])
def test_commands(line: str, words: str | None, needs: tuple[str, ...], prepares: bool) -> None:
    command = parse(line.split(), ENVIRON)
    assert command.words == (words or line).split()
    assert command.needs("3.3") == needs
    assert command.needs_setup is prepares


def test_no_command() -> None:
    with pytest.raises(StartError) as refused:
        parse([], ENVIRON)
    assert refused.value.code == USAGE
    assert "usage: entrypoint COMMAND" in str(refused.value)


def test_words_stay_as_they_are() -> None:
    words = ["airflow", "dags", "trigger", "", " a b ", "--conf", '{"x": "$HOME"}', "\udcff"]
    assert parse(words, ENVIRON).words == words


def program(folder: Path, name: str, mode: int = 0o755) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("#!/bin/sh\n")
    (folder / name).chmod(mode)
    return folder / name


def test_an_airflow_word_is_airflows_where_a_program_has_its_name(tmp_path: Path) -> None:
    for word in SUBCOMMANDS:
        program(tmp_path, word)
        assert parse([word], {"PATH": str(tmp_path)}).words == ["airflow", word]


def test_another_word_is_the_program_where_there_is_one(tmp_path: Path) -> None:
    assert parse(["own"], {"PATH": str(tmp_path)}).words == ["airflow", "own"]
    program(tmp_path, "own")
    assert parse(["own"], {"PATH": str(tmp_path)}).words == ["own"]


def test_programs_are_found_as_execvp_finds_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"{tmp_path / 'a'}:{tmp_path / 'b'}"
    (tmp_path / "a" / "own").mkdir(parents=True)  # a folder is no program
    program(tmp_path / "a", "no-x-bit", 0o644)
    there = program(tmp_path / "b", "own")
    assert find_program("own", {"PATH": path}) == str(there)
    assert find_program("no-x-bit", {"PATH": path}) is None
    assert find_program(str(there), {}) == str(there)
    assert find_program("sh", {}) is not None  # without PATH: the system's own folders
    monkeypatch.chdir(tmp_path / "b")
    assert find_program("own", {"PATH": ":/nowhere"}) == "own"  # an empty entry is the working folder


def test_a_program_beside_python_is_found_and_its_folder_put_last_on_path() -> None:
    environ = dict(ENVIRON)
    found = find_executable(parse(["airflow", "version"], environ), environ)
    beside = str(Path(sys.executable).parent)
    assert found == f"{beside}/airflow"
    assert environ["PATH"] == f"/usr/bin:/bin:{beside}"


@pytest.mark.parametrize(
    ("name", "code"), [("no-x-bit", NOT_EXECUTABLE), ("not-there", NOT_FOUND), (".", NOT_EXECUTABLE)]
)
def test_what_cannot_run(tmp_path: Path, name: str, code: int) -> None:
    program(tmp_path, "no-x-bit", 0o644)
    word = f"{tmp_path}/{name}"
    with pytest.raises(StartError) as refused:
        find_executable(parse([word], ENVIRON), dict(ENVIRON))
    assert refused.value.code == code
    assert str(refused.value).startswith(word)


def test_bash_that_is_not_there_is_not_left_to_airflow(tmp_path: Path) -> None:
    environ = {"PATH": str(tmp_path)}
    with pytest.raises(StartError) as refused:
        find_executable(parse(["bash"], environ), environ)
    assert refused.value.code == NOT_FOUND
