"""requirements.txt of any content: each line is read or refused, and what a message shows holds no password."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import strategies as st

from image.dependency_files import MAX_LINE_LENGTH, MAX_LINES, DependencyFileError
from image.install_requirements import list_options
from image.passwords import has_password, mask
from image.requirement_entry import RequirementEntry
from image.requirement_lines import expanded_values, flatten, read_requirements
from image.requirement_problems import problem
from image.uv_explanation import entries_at_fault, with_locations
from tests.fuzz.budget import fuzz

SECRET = "Hush-Hush"
WORDS = st.sampled_from(
    "leaf -r -c -e -i --pre --hash --no-binary :all: requirements.txt ../x \\ # ${HOME} ; @ git+ssh://git@h/x "
    f"https://u:{SECRET}@h/s https://h/s?token={SECRET}&a=b http://{SECRET}{SECRET}@h -C a=b ' \" [x] == 1.0".split()
)
# One piece many times: a reader that starts again from each of them takes minutes.
LONG = st.builds(
    lambda start, piece, count, end: (start + piece * (count // len(piece)) + end).encode(),
    st.sampled_from(["", "leaf ", "leaf @ https", "-i ", "leaf\n"]),
    st.one_of(
        st.sampled_from([" ", "\t#", "\\\n", "#&", "://", "a-", "-e ", "?", "${", "@"]),
        st.text("a#:/?&@=-.$ {'\\\n", min_size=1, max_size=4),
    ),
    st.sampled_from([100, 5_000, MAX_LINE_LENGTH - 20, MAX_LINE_LENGTH + 1]),
    st.sampled_from(["", "x", "\nleaf"]),
)
TEXT = st.one_of(
    st.binary(max_size=300),
    st.lists(
        st.one_of(WORDS, st.sampled_from([" ", "\n", "\r", "\\\n"]), st.text(max_size=5)), max_size=30
    ).map(lambda words: "".join(words).encode("utf-8", "surrogatepass")),
)
LOOKED_AT = 100  # entries of a long list, which are much the same
EXPLANATIONS = st.sampled_from(
    ["in `-` at position 5", "error: -:2:1", "you require leaf and twig", "Failed to build `leaf`", ""]
)


def read(content: bytes) -> list[RequirementEntry]:
    """Return the entries of a list with this content; none if it is refused."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "requirements.txt"
        path.write_bytes(content)
        try:
            return list(read_requirements(path))
        except DependencyFileError:
            return []


@fuzz(TEXT, EXPLANATIONS)
def test_any_list_is_read_or_refused_line_by_line(content: bytes, explanation: str) -> None:
    entries = read(content)
    for entry in entries:
        assert SECRET not in problem(entry, "3.3.2", in_layer=True)
    usable = [entry for entry in entries if not problem(entry, "3.3.2", in_layer=False)]
    assert flatten(usable).count("\n") >= len([entry for entry in usable if entry.requirement])
    assert all(isinstance(option, str) for option in list_options(usable))
    assert all(expanded_values(usable))
    located = with_locations(explanation, usable)
    assert set(entries_at_fault(located, usable)) <= set(usable)


@fuzz(LONG)
def test_long_list_is_read_within_its_limits_or_refused(content: bytes) -> None:
    entries = read(content)
    assert len(entries) <= MAX_LINES
    assert all(len(entry.text) <= MAX_LINE_LENGTH for entry in entries)
    problems = [problem(entry, "3.3.2", in_layer=True) for entry in entries[:LOOKED_AT]]
    assert all(len(text) <= MAX_LINE_LENGTH + 1000 for text in problems)


@fuzz(
    st.text(st.characters(exclude_categories=["Cs", "Z", "Cc"], exclude_characters="/@:?#`'\"()"), min_size=1)
)
def test_password_in_a_url_is_found_and_masked(password: str) -> None:
    for url in (f"https://user:{password}@host/simple", f"https://host/simple?token={password}"):
        assert mask(url) in ("https://****@host/simple", "https://host/simple?****")
        assert has_password(url) or password.startswith(("&", "$"))
