"""The blocks of output in the documentation are what the code writes, and the tree of files is that of the checkout."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from entrypoint.defaults import ALL_DEFAULTS, rows_of
from testing.entrypoint_process import start
from testing.installed_line import LINE
from tests.unit.pages import CHECKOUT, Block, blocks

BLOCKS = [block for block in blocks() if block.language == "text"]
PREFIX = "astro-runtime: "
OVERRIDE = re.compile(rf"{PREFIX}\w+=(\S+) \(operator environment, (\w+)\)")
FILE = re.compile(r"(?<!\S)[\w.-]+(?:\.py|\.yaml|\.yml|/)(?=\s|$)")
# The variable that each line reads → the one under which the setting is documented.
DOCUMENTED = {
    names.names[0].variable: setting.documented
    for setting in ALL_DEFAULTS
    for names in setting.names_by_line.values()
}


def documented(log: str) -> set[str]:
    """Return the lines of the entrypoint, with the names that are the same on both lines."""
    lines = (line for line in log.splitlines() if line.startswith(PREFIX))
    return {re.sub(r"AIRFLOW__\w+", lambda name: DOCUMENTED.get(name[0], name[0]), line) for line in lines}


def assert_entrypoint_logs(text: str, home: Path) -> None:
    overrides = {variable: value for value, variable in OVERRIDE.findall(text)}
    process = start(home, "true", environ={"AIRFLOW__CORE__EXECUTOR": "LocalExecutor", **overrides})
    assert process.returncode == 0, process.stderr
    assert len(text.splitlines()) == len(documented(text))
    assert documented(text) <= documented(process.stderr)


def assert_make_run_prints(text: str, _: Path) -> None:
    code = "".join(path.read_text() for path in (CHECKOUT / "dev/run").glob("*.py"))
    rule, title, *facts, end = text.splitlines()
    assert rule == end == "─" * len(rule)
    assert f'"{title}"' in code
    assert all(f'"{fact.partition(": ")[0]}: ' in code for fact in facts)


def assert_scheduler_logs(text: str, _: Path) -> None:
    code = (CHECKOUT / "astro_runtime_plugin/parallelism/monitor.py").read_text()
    (template,) = re.findall(r'log\.info\("(Parallelism is [^"]+)"', code)
    line = re.fullmatch(template.replace("%d", r"(\d+)").replace("%s", "(.+)"), text.strip())
    assert line
    terms = re.findall(r"(\d+)×(\d+) ", line[2])
    assert int(line[1]) == sum(int(workers) * int(pool) for workers, pool in terms)


def assert_files_exist(text: str, _: Path) -> None:
    folder = CHECKOUT
    for line in text.splitlines():
        names = FILE.findall(line)
        if not line.startswith(" "):
            folder = CHECKOUT / names[0]
        assert all(((folder if line.startswith(" ") else CHECKOUT) / name).exists() for name in names), line
    listed = set(FILE.findall(text))
    assert {path.name for path in (CHECKOUT / "entrypoint").glob("*.py")} - {"__init__.py"} <= listed
    areas = (CHECKOUT / "astro_runtime_plugin").glob("*/__init__.py")
    assert {f"{path.parent.name}/" for path in areas} <= listed


def assert_compose_environment_works(text: str, _: Path) -> None:
    variables = dict(line.split("=", 1) for line in text.splitlines())
    files = [CHECKOUT / name for name in variables.pop("COMPOSE_FILE").split(":")]
    content = "".join(file.read_text() for file in files)
    assert [name for name in variables if f"${{{name}:" not in content] == []


# By how the block begins: the check.
CHECKS: dict[str, Callable[[str, Path], None]] = {
    PREFIX: assert_entrypoint_logs,
    "──": assert_make_run_prints,
    "Parallelism is ": assert_scheduler_logs,
    "COMPOSE_FILE=": assert_compose_environment_works,
    "entrypoint/ ": assert_files_exist,
}


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.place)
def test_output_is_what_the_code_writes(block: Block, tmp_path: Path) -> None:
    (check,) = (check for beginning, check in CHECKS.items() if block.text.startswith(beginning))
    check(block.text, tmp_path)


def test_names_of_the_installed_line_are_known() -> None:
    assert all(setting.names_by_line[LINE].names[0].variable in DOCUMENTED for setting in rows_of(LINE))
