"""The examples of the documentation work: what can be parsed is, and each command exists with its options."""

from __future__ import annotations

import configparser
import itertools
import json
import re
import shlex
import subprocess
from collections.abc import Callable, Mapping

import click
import pytest
import yaml  # type: ignore[import-untyped]

from astro_runtime_plugin.cli import main
from astro_runtime_plugin.web.openapi import document
from entrypoint.command import parse
from entrypoint.worker_queues import FIELDS
from tests.unit.pages import CHECKOUT, CODE, PAGES, Block, blocks, prose

BLOCKS = [*blocks()]
INSTRUCTIONS = set(
    "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL ONBUILD RUN SHELL USER WORKDIR".split()
)
COMPOSE = yaml.safe_load((CHECKOUT / "compose.yaml").read_text())
TARGETS = set(re.findall(r"^([a-z-]+):.*##", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))
ASSIGNMENT = re.compile(r"[A-Z_]+=.*")


def assert_ini_parses(text: str) -> None:
    parser = configparser.ConfigParser()
    parser.read_string(text)
    queues = parser.get("astro_runtime", "worker_queues", fallback="[]")
    assert {field for queue in json.loads(queues) for field in queue} <= set(FIELDS)


def assert_dockerfile_parses(text: str) -> None:
    lines = text.replace("\\\n", " ").strip().splitlines()
    words = [line.split()[0] for line in lines if not line.startswith("#")]
    assert words[0] in ("FROM", "ARG")
    assert set(words) <= INSTRUCTIONS


def assert_console_runs(text: str) -> None:
    commands = [line[2:] for line in text.splitlines() if line.startswith("$ ")]
    assert commands
    for line in commands:
        words = shlex.split(line, comments=True)
        while ASSIGNMENT.fullmatch(words[0]):
            words = words[1:]
        PROGRAMS[words[0]](words[1:])


def assert_astro_runtime_runs(words: list[str]) -> None:
    name, *options = words
    command = main.get_command(click.Context(main), name)
    assert command
    command.make_context(name, options)  # raises for an unknown option or argument


def assert_entrypoint_runs(words: list[str]) -> None:
    assert parse(words, {"PATH": "/usr/bin:/bin"}).words


def assert_make_runs(words: list[str]) -> None:
    for target in (word for word in words if "=" not in word):
        assert target in TARGETS
    dry_run = subprocess.run(["make", "--dry-run", *words], cwd=CHECKOUT, capture_output=True, text=True)
    assert dry_run.returncode == 0, dry_run.stderr


def assert_docker_runs(words: list[str]) -> None:
    assert words[0] in ("build", "run", "compose", "buildx")
    if words[0] == "compose":
        scaled = [word.partition("=")[0] for flag, word in itertools.pairwise(words) if flag == "--scale"]
        assert {*scaled} <= COMPOSE["services"].keys()


def assert_helm_runs(words: list[str]) -> None:
    assert (CHECKOUT / words[words.index("--values") + 1]).is_file()


def assert_curl_runs(words: list[str]) -> None:
    url = words[-1]
    assert url.partition("/astro-runtime")[2] in document()["paths"]


def assert_astro_cli_runs(words: list[str]) -> None:
    assert words in (["dev", "start"], ["dev", "parse"], ["dev", "pytest"])


def assert_pip_runs(words: list[str]) -> None:
    assert words[0] in ("install", "uninstall")


LANGUAGES: Mapping[str, Callable[[str], object]] = {
    "console": assert_console_runs,
    "dockerfile": assert_dockerfile_parses,
    "ini": assert_ini_parses,
    "json": json.loads,
    "python": lambda text: compile(text, "example", "exec"),
    "yaml": yaml.safe_load,
    "sql": lambda text: re.fullmatch(r"(?s)[A-Z]+ .*;\n", text) or pytest.fail("must be one statement"),
    "text": str,
}
PROGRAMS: Mapping[str, Callable[[list[str]], None]] = {
    "astro": assert_astro_cli_runs,
    "astro-runtime": assert_astro_runtime_runs,
    "astro-runtime-entrypoint": assert_entrypoint_runs,
    "curl": assert_curl_runs,
    "docker": assert_docker_runs,
    "helm": assert_helm_runs,
    "make": assert_make_runs,
    "pip": assert_pip_runs,
}


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.place)
def test_example_parses_in_its_language(block: Block) -> None:
    assert block.language in LANGUAGES
    LANGUAGES[block.language](block.text)


def test_commands_in_the_prose_exist() -> None:
    spans = {code for page in PAGES for code in CODE.findall(prose(page))}
    targets = {match[1] for code in spans if (match := re.match(r"make ([a-z][a-z-]*)\b", code))}
    assert "run" in targets
    assert targets <= TARGETS
    names = {match[1] for code in spans if (match := re.match(r"astro-runtime ([a-z]+)\b", code))}
    assert names == set(main.list_commands(click.Context(main)))
