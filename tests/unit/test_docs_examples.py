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


def check_ini(text: str) -> None:
    parser = configparser.ConfigParser()
    parser.read_string(text)
    queues = parser.get("astro_runtime", "worker_queues", fallback="[]")
    assert {field for queue in json.loads(queues) for field in queue} <= set(FIELDS)


def check_dockerfile(text: str) -> None:
    lines = text.replace("\\\n", " ").strip().splitlines()
    words = [line.split()[0] for line in lines if not line.startswith("#")]
    assert words[0] in ("FROM", "ARG")
    assert set(words) <= INSTRUCTIONS


def check_console(text: str) -> None:
    commands = [line[2:] for line in text.splitlines() if line.startswith("$ ")]
    assert commands
    for line in commands:
        words = shlex.split(line, comments=True)
        while ASSIGNMENT.fullmatch(words[0]):
            words = words[1:]
        PROGRAMS[words[0]](words[1:])


def check_astro_runtime(words: list[str]) -> None:
    name, *options = words
    command = main.get_command(click.Context(main), name)
    assert command
    command.make_context(name, options)  # raises for an option or argument that it has not


def check_entrypoint(words: list[str]) -> None:
    assert parse(words, {"PATH": "/usr/bin:/bin"}).words


def check_make(words: list[str]) -> None:
    for target in (word for word in words if "=" not in word):
        assert target in TARGETS
    made = subprocess.run(["make", "--dry-run", *words], cwd=CHECKOUT, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr


def check_docker(words: list[str]) -> None:
    assert words[0] in ("build", "run", "compose", "buildx")
    if words[0] == "compose":
        scaled = [word.partition("=")[0] for flag, word in itertools.pairwise(words) if flag == "--scale"]
        assert {*scaled} <= COMPOSE["services"].keys()


def check_helm(words: list[str]) -> None:
    assert (CHECKOUT / words[words.index("--values") + 1]).is_file()


def check_curl(words: list[str]) -> None:
    url = words[-1]
    assert url.partition("/astro-runtime")[2] in document()["paths"]


def check_astro_cli(words: list[str]) -> None:
    assert words in (["dev", "start"], ["dev", "parse"], ["dev", "pytest"])


def check_pip(words: list[str]) -> None:
    assert words[0] in ("install", "uninstall")


LANGUAGES: Mapping[str, Callable[[str], object]] = {
    "console": check_console,
    "dockerfile": check_dockerfile,
    "ini": check_ini,
    "json": json.loads,
    "python": lambda text: compile(text, "example", "exec"),
    "yaml": yaml.safe_load,
    "sql": lambda text: re.fullmatch(r"(?s)[A-Z]+ .*;\n", text) or pytest.fail("must be one statement"),
    "text": str,
}
PROGRAMS: Mapping[str, Callable[[list[str]], None]] = {
    "astro": check_astro_cli,
    "astro-runtime": check_astro_runtime,
    "astro-runtime-entrypoint": check_entrypoint,
    "curl": check_curl,
    "docker": check_docker,
    "helm": check_helm,
    "make": check_make,
    "pip": check_pip,
}


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.place)
def test_an_example_is_what_its_language_says(block: Block) -> None:
    assert block.language in LANGUAGES
    LANGUAGES[block.language](block.text)


def test_a_command_that_a_sentence_names_exists() -> None:
    spans = {code for page in PAGES for code in CODE.findall(prose(page))}
    targets = {found[1] for code in spans if (found := re.match(r"make ([a-z][a-z-]*)\b", code))}
    assert "run" in targets
    assert targets <= TARGETS
    names = {found[1] for code in spans if (found := re.match(r"astro-runtime ([a-z]+)\b", code))}
    assert names == set(main.list_commands(click.Context(main)))
