"""Lines of requirements.txt: what pip's own parser makes of them, we make of them, or we refuse them."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from pip._internal.network.session import PipSession
from pip._internal.req.req_file import ParsedLine, RequirementsFileParser, get_line_parser

from image.requirement_entry import RequirementEntry, option_problem, values
from image.requirement_lines import read_requirements

os.environ.setdefault("PIP_CONFIG_FILE", os.devnull)
SESSION = PipSession()
PARTS = st.sampled_from(
    "leaf;twig[x,y]>=1,<2;leaf==1.0; python_version<'3';leaf @ https://h/leaf-1.0.zip;--pre;-i;--index-url;https://h/s;"
    "--extra-index-url=https://h/e;--extra-index-url;-f ./w;--find-links=w;--no-index;--no-binary :all:;"
    "--only-binary=a,b;-e ./p;-e;--hash=sha256:00;--hash;sha256:11;--config-settings=a=b;-C;a=b;--require-hashes;"
    "--trusted-host h;-c c.txt;#;# note;\\;-;--;'a b';\";${NAME};${NOSUCH};#egg=x;-ihttps://h/j;--pr;é;=;\t".split(
        ";"
    )
)
LINES = st.lists(PARTS, max_size=5).flatmap(
    lambda parts: st.sampled_from([" ", "  ", ""]).map(lambda separator: separator.join(parts))
)
TEXTS = st.lists(LINES, max_size=4).flatmap(
    lambda lines: st.sampled_from(["\n", "\r\n", "\\\n", " \\\n", "\n\n"]).map(lambda end: end.join(lines))
)
OPTIONS = {
    "index_url": "--index-url",
    "extra_index_urls": "--extra-index-url",
    "find_links": "--find-links",
    "editables": "--editable",
    "constraints": "--constraint",
    "trusted_hosts": "--trusted-host",
}
FLAGS = {"pre": "--pre", "no_index": "--no-index", "require_hashes": "--require-hashes"}


def parsed_by_pip(path: Path) -> list[ParsedLine] | None:
    """Return the lines as pip parses them, without those that say nothing; None if it refuses the list."""
    parser = RequirementsFileParser(SESSION, get_line_parser(None))
    try:
        return list(parser._parse_file(str(path), False))
    except Exception:
        return None


def assert_same(line: ParsedLine, entry: RequirementEntry) -> None:
    """Assert that we have what pip has, unless we refuse the line."""
    if option_problem(entry):
        return
    assert (entry.requirement, entry.number) == (
        _requirement(line),
        line.lineno,
    )
    for attribute, option in OPTIONS.items():
        theirs = getattr(line.opts, attribute) or []
        last = ([theirs] if isinstance(theirs, str) else theirs)[-1:]
        # pip keeps blanks around a value (`\\ https://h`), which its HTTP library drops in front of a URL.
        assert values(entry, option)[-1:] == [value.strip() for value in last], option
    for attribute, option in FLAGS.items():
        assert any(item.name == option for item in entry.options) == bool(getattr(line.opts, attribute)), (
            option
        )
    hashes = [f"{name}:{value}" for name, digests in (line.opts.hashes or {}).items() for value in digests]
    assert sorted(values(entry, "--hash")) == sorted(hashes)


def _requirement(line: ParsedLine) -> str:
    return line.requirement.strip() if line.is_requirement and not line.is_editable else ""


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_lines_are_those_of_pip_or_refused(text: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "requirements.txt"
        path.write_bytes(text.encode())
        os.environ["NAME"] = "https://h/expanded"
        entries, lines = list(read_requirements(path)), parsed_by_pip(path)
    if lines is None:
        assert any(option_problem(entry) for entry in entries), entries
        return
    ours = {entry.number: entry for entry in entries}
    assert set(ours) == {line.lineno for line in lines}
    for line in lines:
        assert_same(line, ours[line.lineno])
