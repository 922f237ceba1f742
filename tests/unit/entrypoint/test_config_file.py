"""Reading airflow.cfg gives the values that configparser gives, and rejects the files that it rejects."""

from __future__ import annotations

import configparser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from entrypoint import config_file
from entrypoint.errors import CONFIG, StartError
from entrypoint.option_names import ConfigOption

# Whitespace at which str.splitlines splits and a file does not, or that only strip removes.
ODD = "\f\v\x1c\x1d\x1e\x1f\x85\u2028\u2029\xa0\u3000\ufeff\u200b"
SECTIONS = ("core", "scheduler", "DEFAULT", "Core", "a]b", "[c", " ", "ünï", "x=y", "", "]", "a:b ; c")
OPTIONS = ("parallelism", "executor", "Executor", "ключ", "a b", "x", "", "[y]", "#z", "%s")
VALUES = (
    "32",
    "",
    "a = b",
    "c:d",
    "%(x)s",
    "%%",
    "50%",
    "%(",
    "%(missing)s",
    "v # no comment",
    "ü",
    "[z]",
    "\\",
)
WORDS = st.sampled_from(SECTIONS + OPTIONS + VALUES) | st.text("ab[]=:#;% \t" + ODD, max_size=6)
INDENT = st.sampled_from(("", "", "", " ", "    ", "\t", "\f", "\xa0"))
END = st.sampled_from(("\n", "\n", "\n", "\r\n", "\r", "\n\n", "\n\n\n", " \n", "\f\n", "\x1c\n"))


def _line(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(INDENT, *parts, END).map("".join)


DELIMITER = st.sampled_from(("=", " = ", ":", " : ", "\t=\t", "=:", ":=", "", " "))
LINES = st.one_of(
    _line(
        st.sampled_from(SECTIONS).map(lambda name: f"[{name}]"),
        st.sampled_from(("", "", " junk", "]", "# c")),
    ),
    _line(st.sampled_from(OPTIONS) | WORDS, DELIMITER, st.sampled_from(VALUES) | WORDS),
    _line(st.sampled_from(OPTIONS), st.just(" = "), st.sampled_from(VALUES)),
    _line(st.sampled_from(("# ", ";", "#", "# Variable: AIRFLOW__CORE__PARALLELISM")), WORDS),
    _line(WORDS),
    st.just("\n"),
)
START = st.sampled_from(("", "[core]\n", "[core]\n", "[core]\nx = 1\n", "\ufeff[core]\n"))
TEXTS = st.tuples(START, st.lists(LINES, max_size=14)).map(lambda pair: pair[0] + "".join(pair[1]))
FAILED = object()


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home") / "airflow.cfg"


def oracle(path: Path) -> configparser.ConfigParser | None:
    """Read the file as Airflow does: option names keep their case. None if that fails."""
    parser = configparser.ConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read(path)
    except (configparser.Error, UnicodeDecodeError):
        return None
    return parser


def read_or_none(path: Path) -> config_file.AirflowCfg | None:
    try:
        return config_file.read_config(str(path))
    except StartError as error:
        assert_unreadable_cfg_error(error, path)
        return None


def get_or_failed(cfg: config_file.AirflowCfg, section: str, option: str) -> object:
    try:
        return cfg.get(section, option)
    except StartError as error:
        assert_unreadable_cfg_error(error, cfg.path)
        return FAILED


def assert_unreadable_cfg_error(error: StartError, path: Path | str) -> None:
    assert error.code == CONFIG
    assert str(path) in str(error)


def oracle_get(parser: configparser.ConfigParser, section: str, option: str) -> object:
    try:
        return parser.get(section, option) if parser.has_option(section, option) else None
    except configparser.Error:
        return FAILED


def assert_same_as_configparser(path: Path) -> None:
    """Both reject the file, or both return the same for every option in it and for some that are not."""
    parser, cfg = oracle(path), read_or_none(path)
    assert (parser is None) == (cfg is None)
    if parser is None or cfg is None:
        return
    options = {option for section in parser.sections() for option in parser[section]} | {
        "parallelism",
        "executor",
    }
    for section in {*parser.sections(), "core", "missing"}:
        for option in options:
            expected = oracle_get(parser, section, option)
            assert get_or_failed(cfg, section, option) == expected, (section, option)


@settings(max_examples=1500, suppress_health_check=list(HealthCheck))
@given(TEXTS)
@example("[core]\nparallelism = 32\n\n\n  33\n# comment\n\n  34\n")
@example("[core]\n  parallelism = 1\n executor = 2\n   three\n")
@example("[core]\nparallelism = 1\n\n[core]\nexecutor = 2\n")
@example("[DEFAULT]\nx = 1\n[DEFAULT]\ny = 2\n[core]\n")
@example("[DEFAULT]\nx = 1\n[DEFAULT]\nx = 2\n[core]\n")
@example("[]\nparallelism = 1\n")
@example("[core]\n[]=1\n")
@example("parallelism = 1\n[core]\n")
@example("[core]\nparallelism\n")
@example("[core]\n= 1\n")
@example("[core]\n[scheduler]\n  continued\n")
@example("[core]\nx = %(parallelism)s\nparallelism = %%%(executor)s\nexecutor = 7\n")
def test_read_config_any_lines_match_configparser(path: Path, text: str) -> None:
    path.write_bytes(text.encode())
    assert_same_as_configparser(path)


@settings(max_examples=500)
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_read_config_any_bytes_match_configparser(path: Path, content: bytes) -> None:
    path.write_bytes(b"[core]\n" + content)
    assert_same_as_configparser(path)


@settings(max_examples=300)
@given(st.lists(st.sampled_from("[]=:#; \n\t%ab\r\f\x1c\x85\u2028\ufeff"), max_size=30).map("".join))
def test_read_config_any_punctuation_matches_configparser(path: Path, text: str) -> None:
    path.write_bytes(text.encode())
    assert_same_as_configparser(path)


def long_file() -> str:
    """Return a file with the form and the length of one that Airflow generates."""
    sections = (
        f"[section_{section}]\n"
        + "".join(
            f"# Description of option {option}.\n# More: about it; and = more.\n#\n"
            f"# Variable: AIRFLOW__SECTION_{section}__OPTION_{option}\n#\noption_{option} = {option}%%\n\n"
            for option in range(20)
        )
        for section in range(22)
    )
    return "".join(sections)


def test_read_config_long_generated_file_matches_configparser(path: Path) -> None:
    text = long_file()
    assert text.count("\n") > 3000
    path.write_text(text)
    assert_same_as_configparser(path)
    cfg = config_file.read_config(str(path))
    assert cfg.get("section_21", "option_19") == "19%"
    assert all(
        cfg.is_generated(ConfigOption(f"section_{n}", f"option_{m}")) for n in range(22) for m in range(20)
    )


def test_option_is_generated_only_directly_below_its_mark(path: Path) -> None:
    path.write_text(
        "[core]\n# Variable: AIRFLOW__CORE__PARALLELISM\n#\nexecutor = x\nparallelism = 32\n"
        "# Variable: AIRFLOW__CORE__DAGS_FOLDER\n#\n# dags_folder = y\n[scheduler]\nparallelism = 32\n"
        "# Variable: AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY\n#\nmax_tis_per_query = 16\n"
    )
    cfg = config_file.read_config(str(path))
    names = [
        ConfigOption("core", "executor"),
        ConfigOption("core", "parallelism"),
        ConfigOption("scheduler", "parallelism"),
    ]
    assert not any(cfg.is_generated(name) for name in names)
    assert cfg.is_generated(ConfigOption("scheduler", "max_tis_per_query"))


def test_read_config_missing_file_has_no_options(tmp_path: Path) -> None:
    assert config_file.read_config(str(tmp_path / "missing.cfg")).get("core", "parallelism") is None
    (tmp_path / "file").touch()
    assert config_file.read_config(str(tmp_path / "file" / "airflow.cfg")).get("core", "parallelism") is None


def test_read_config_rejects_folder(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="cannot be read") as error:
        config_file.read_config(str(tmp_path))
    assert error.value.code == CONFIG


def test_longest_file_is_read(path: Path) -> None:
    text = "[core]\nparallelism = 7\n#"
    path.write_text(text + "x" * (config_file.MAX_LENGTH - len(text)))
    assert config_file.read_config(str(path)).get("core", "parallelism") == "7"


@pytest.mark.parametrize("source", ["file", "/dev/zero"])
def test_longer_file_is_rejected(path: Path, source: str) -> None:
    if source == "file":
        path.write_text("#" * (config_file.MAX_LENGTH + 1))
    with pytest.raises(StartError, match="cannot be read: it has more than 16 MiB") as error:
        config_file.read_config(str(path) if source == "file" else source)
    assert error.value.code == CONFIG


@pytest.mark.parametrize(
    ("environ", "path"),
    [
        ({}, "/users/me/airflow/airflow.cfg"),
        ({"AIRFLOW_HOME": "/a"}, "/a/airflow.cfg"),
        ({"AIRFLOW_HOME": "~/b"}, "/users/me/b/airflow.cfg"),
        ({"AIRFLOW_HOME": "$HOME/c"}, "/users/me/c/airflow.cfg"),
        ({"AIRFLOW_HOME": ""}, "airflow.cfg"),
        ({"AIRFLOW_HOME": "/a", "AIRFLOW_CONFIG": "${HOME}/d.cfg"}, "/users/me/d.cfg"),
        ({"AIRFLOW_HOME": "/a", "AIRFLOW_CONFIG": ""}, ""),
    ],
)
def test_config_path_follows_airflow(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], path: str
) -> None:
    monkeypatch.setenv("HOME", "/users/me")
    assert config_file.config_path(environ) == path
