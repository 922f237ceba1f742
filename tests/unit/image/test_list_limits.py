"""Long lists: at the limits they are read, beyond them refused, and the work grows with the length only."""

from __future__ import annotations

import gc
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from image import requirement_options
from image.dependency_files import MAX_LINE_LENGTH, MAX_LINES, DependencyFileError
from image.install_packages import read_packages
from image.passwords import mask
from image.requirement_lines import read_requirements
from image.requirement_problems import problem
from testing.entrypoint_process import CHECKOUT
from tests.unit.image.image_environment import ImageEnvironment

LONG_NAME = "a" * MAX_LINE_LENGTH
# Pieces that, repeated, have made or could make a reader try everything again from each of them.
PIECES = [
    " ",
    "\t#",
    "#",
    "-e ",
    "a-",
    "a.",
    "${",
    '"',
    "#&",
    "&egg",
    ":/",
    "://",
    "://a:",
    "://a@",
    "?a=",
    "./",
    "--",
]
READ = """
import sys
from pathlib import Path
from tests.unit.image.test_list_limits import read_all
read_all(Path(sys.argv[1]))
"""
CPU_SECONDS = 60  # a tenth is plenty; the quadratic reader of blanks took 42 for a single shape


def read_all(path: Path) -> None:
    """Read a list, look for problems, and mask its text, as an installation does."""
    for entry in read_requirements(path):
        problem(entry, "3.3.2", in_layer=True)
    mask(path.read_text())


def requirements(folder: Path, text: str) -> Path:
    path = folder / "requirements.txt"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "text", [LONG_NAME, f"leaf{' ' * (MAX_LINE_LENGTH - 8)}# x\n", "leaf\n" * (MAX_LINES - 1)]
)
def test_list_at_the_limits_is_read(tmp_path: Path, text: str) -> None:
    path = requirements(tmp_path, text)
    assert {entry.text for entry in read_requirements(path)} == {text.split()[0]}
    assert {entry.text for entry in read_packages(path)} == {text.split()[0]}


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (f"leaf\n{LONG_NAME}a", f"requirements.txt:2: this line has more than {MAX_LINE_LENGTH} characters"),
        ("leaf\n" * MAX_LINES, f"requirements.txt: this has more than {MAX_LINES} lines"),
    ],
)
def test_list_beyond_the_limits_is_refused(tmp_path: Path, text: str, error: str) -> None:
    path = requirements(tmp_path, text)
    for read in (read_requirements, read_packages):
        with pytest.raises(DependencyFileError, match=re.escape(error)):
            list(read(path))


def test_joined_lines_beyond_the_limit_are_refused_with_the_first(tmp_path: Path) -> None:
    path = requirements(tmp_path, "leaf\n" + f"{LONG_NAME[1:]}\\\n" * 2)
    with pytest.raises(DependencyFileError, match=r"requirements.txt:2: this line has more than"):
        list(read_requirements(path))


def test_refusal_of_a_long_line_is_one_line(environment: ImageEnvironment) -> None:
    done = environment.assert_install_is_tidy(f"{LONG_NAME}a", {"PATH": ""})
    assert done.returncode == 1
    assert done.stderr == (
        f"requirements.txt:1: this line has more than {MAX_LINE_LENGTH} characters; no line of a list has\n"
    )


def test_parser_of_options_is_built_once(tmp_path: Path) -> None:
    requirement_options._parser.cache_clear()
    assert len(list(read_requirements(requirements(tmp_path, "--pre\n" * 50)))) == 50
    assert requirement_options._parser.cache_info().misses == 1


def calls_to_read(path: Path) -> int:
    """Return how many Python functions reading the list calls."""
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    gc.disable()  # its callbacks are calls, too
    sys.setprofile(count)
    try:
        read_all(path)
    finally:
        sys.setprofile(None)
        gc.enable()
    return calls


@pytest.mark.parametrize("line", ["leaf==1.0", "-i https://h/s", "--pre", "leaf \\\n ==1.0 --hash=sha256:00"])
def test_twice_the_lines_take_twice_the_calls(tmp_path: Path, line: str) -> None:
    calls_to_read(requirements(tmp_path, line))  # what is built once
    calls = [calls_to_read(requirements(tmp_path, f"{line}\n" * count)) for count in (50, 100, 200)]
    assert calls[2] - calls[1] == 2 * (calls[1] - calls[0]) > 0


def test_repeated_pieces_need_no_time_that_grows_with_their_square(tmp_path: Path) -> None:
    """Regular expressions have no steps to count, so the limit is the processor time of another process."""
    lines = [f"leaf{before}{piece * (60_000 // len(piece))}x" for piece in PIECES[:8] for before in ("", " ")]
    lines += [f"leaf @ https{piece * (60_000 // len(piece))}x" for piece in PIECES[8:]]
    for number in range(0, len(lines), 15):
        path = requirements(tmp_path, "\n".join(lines[number : number + 15]))
        done = subprocess.run(
            [sys.executable, "-c", READ, str(path)],
            cwd=CHECKOUT,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS)),
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stderr) == (0, "")
