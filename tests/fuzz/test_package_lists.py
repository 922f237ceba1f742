"""packages.txt of any content: whatever reaches apt-get names a package to install, and nothing else."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import strategies as st

from image.dependency_files import DependencyFileError
from image.install_packages import PACKAGE, error_of, name_of, read_packages
from tests.fuzz.budget import fuzz

WORD = st.text(st.sampled_from("ab1.+-=/:*~^?_%$(;#\n \t-é"), max_size=12)
CONTENT = st.one_of(
    st.binary(max_size=200), st.lists(WORD, max_size=10).map(lambda words: " ".join(words).encode())
)


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
