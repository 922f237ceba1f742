"""packages.txt of any content: whatever reaches apt-get names a package to install, and nothing else."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import strategies as st

from image.dependency_files import MAX_LINE_LENGTH, MAX_LINES, DependencyFileError
from image.install_packages import PACKAGE, error_of, name_of, read_packages
from tests.fuzz.budget import fuzz

WORD = st.text(st.sampled_from("ab1.+-=/:*~^?_%$(;#\n \t-é"), max_size=12)
CONTENT = st.one_of(
    st.binary(max_size=200), st.lists(WORD, max_size=10).map(lambda words: " ".join(words).encode())
)

# One piece many times: a reader that starts again from each of them takes minutes.
LONG = st.builds(
    lambda piece, count, end: (piece * count + end).encode(),
    st.one_of(
        st.sampled_from([" ", "#", "a-", "a:", "a ", "a\n"]), st.text("a1.+-=/:~ \n", min_size=1, max_size=3)
    ),
    st.sampled_from([100, 20_000, MAX_LINE_LENGTH + 1]),
    st.sampled_from(["", "!", "\nleaf"]),
)


@fuzz(LONG)
def test_long_list_is_read_within_its_limits_or_refused(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "packages.txt"
        path.write_bytes(content)
        try:
            entries = read_packages(path)
        except DependencyFileError:
            assert content.count(b"\n") >= MAX_LINES or len(content) > MAX_LINE_LENGTH
            entries = []
    assert len({entry.number for entry in entries}) <= MAX_LINES
    assert all(len(entry.text) <= MAX_LINE_LENGTH for entry in entries)
    assert all(" " not in entry.text for entry in entries if PACKAGE.fullmatch(entry.text))


@fuzz(CONTENT, st.text(max_size=60))
def test_accepted_words_are_no_options_and_remove_nothing(content: bytes, explanation: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "packages.txt"
        path.write_bytes(content)
        try:
            entries = read_packages(path)
        except DependencyFileError:
            entries = []
    for entry in (entry for entry in entries if PACKAGE.fullmatch(entry.text)):
        assert entry.text[0].isalnum()
        assert not entry.text.endswith(("-", "^", "/", "=", ":"))
        assert not set(entry.text) & set(" \t\n;$(?%")
        assert name_of(entry) in entry.text
        assert error_of(entry, f"E: {explanation}") in f"E: {explanation}" or "vendor" in error_of(
            entry, explanation
        )
