"""airflow.cfg: any text is read as configparser reads it, or refused without a traceback and without its text."""

from __future__ import annotations

import re
from configparser import Error, RawConfigParser
from pathlib import Path

import pytest
from hypothesis import strategies as st

from entrypoint.config_file import read_config
from entrypoint.errors import StartError
from tests.fuzz.budget import fuzz

LINES = st.lists(
    st.sampled_from(
        ["[core]", "[a]", "[DEFAULT]", "[]", "[", "a = 1", "a: 2", "=", "# Variable: X", ";", "", " b"]
    )
    | st.text("ab=:[]#;% \t\x0b\x1c\x85\u2028\ufeff\r", max_size=12)
    | st.text(max_size=12),
    max_size=12,
).map("\n".join)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home") / "airflow.cfg"


@fuzz(LINES.map(lambda text: text.encode(errors="surrogatepass")) | st.binary(max_size=60))
def test_any_airflow_cfg_is_read_or_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    expected = configparser_sections(path)
    if expected is None:
        with pytest.raises(StartError, match=re.escape(str(path))):
            read_config(str(path))
        return
    cfg = read_config(str(path))
    for section, options in expected.items():
        for option, value in options.items():
            if "%" not in value:
                assert cfg.get(section, option) == value


def configparser_sections(path: Path) -> dict[str, dict[str, str]] | None:
    """Return what configparser reads, or None for a file that it refuses."""
    parser = RawConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read(path)
    except (Error, UnicodeDecodeError):
        return None
    return {section: dict(parser.items(section)) for section in parser.sections()}
