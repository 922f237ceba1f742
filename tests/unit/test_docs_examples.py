"""The examples of the documentation: each is parsed in its language, and its commands, options and files exist.

`test_docs_output.py` compares the blocks of output.
"""

from __future__ import annotations

import configparser
import json
import re
import shlex
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import click
import pytest
import yaml  # type: ignore[import-untyped]

from astro_runtime_plugin.cli import main
from astro_runtime_plugin.database import state
from astro_runtime_plugin.web.openapi import document
from dev.images import VARIANTS, tag
from entrypoint.airflow_line import LINES
from entrypoint.command import parse
from entrypoint.worker_queues import FIELDS
from testing.compose_files import load_compose_file
from testing.identity.live.apache_proxy import check_config
from tests.unit.pages import CHECKOUT, CODE, PAGES, REFERENCE, Block, blocks, first_cells, prose

BLOCKS = [block for block in blocks() if block.language != "text"]
INSTRUCTIONS = set(
    "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL ONBUILD RUN SHELL USER WORKDIR".split()
)
DOCKERFILE = (CHECKOUT / "Dockerfile").read_text()
COMPOSE_FILE = (CHECKOUT / "compose.yaml").read_text()
COMPOSE_FILES = [load_compose_file(name) for name in ("compose.yaml", "compose.ha.yaml")]
SERVICES = {name for file in COMPOSE_FILES for name in file["services"]}
VOLUMES = {f"astro-runtime_{name}" for file in COMPOSE_FILES for name in file["volumes"]}
IMAGES = {tag(line, variant) for line in LINES for variant in VARIANTS}
# By command: the options that the examples use, and whether each takes a value. Reading the help of the real client
# would need a Docker client wherever the tests run.
DOCKER_OPTIONS = {
    ("build",): {"--build-arg": True, "--secret": True, "-t": True},
    ("run",): {"-p": True},
    ("compose", "run"): {"--rm": False, "--no-deps": False},
    ("compose", "exec"): {},
    ("compose", "up"): {"--detach": False, "--wait": False, "--scale": True, "--no-recreate": False},
    ("compose", "ps"): {},
    ("compose", "stop"): {},
    ("compose", "restart"): {},
    ("compose", "rm"): {"--force": False, "--stop": False},
    ("stop",): {},
    ("rm",): {},
    ("volume", "rm"): {},
    ("buildx", "bake"): {"--print": False},
}
TARGETS = set(re.findall(r"^([a-z-]+):.*##", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))
ASSIGNMENT = re.compile(r"([A-Z_]+)=(.*)")


def assert_ini_parses(text: str) -> None:
    parser = configparser.ConfigParser()
    parser.read_string(text)
    if parser.has_section("astro_runtime"):
        assert set(parser.options("astro_runtime")) <= first_cells(REFERENCE / "settings.md")
    queues = parser.get("astro_runtime", "worker_queues", fallback="[]")
    assert {field for queue in json.loads(queues) for field in queue} <= set(FIELDS)


def assert_dockerfile_parses(text: str) -> None:
    lines = text.replace("\\\n", " ").strip().splitlines()
    words = [line.split()[0] for line in lines if not line.startswith("#")]
    assert words[0] in ("FROM", "ARG")
    assert set(words) <= INSTRUCTIONS
    assert {line.split()[1] for line in lines if line.startswith("FROM")} <= IMAGES


def assert_console_parses(text: str) -> None:
    lines = text.replace("\\\n", " ").splitlines()
    commands = [line[2:] for line in lines if line.startswith("$ ")]
    assert commands
    for line in commands:
        words = shlex.split(line, comments=True)
        while assignment := ASSIGNMENT.fullmatch(words[0]):
            words = words[1:]
            if words[0] == "docker":
                assert f"${{{assignment[1]}:-" in COMPOSE_FILE
        PROGRAMS[words[0]](words[1:])


def assert_astro_runtime_parses(words: list[str]) -> None:
    name, *options = words
    command = main.get_command(click.Context(main), name)
    assert command
    command.make_context(name, options)  # raises for an unknown option or argument


def assert_entrypoint_parses(words: list[str]) -> None:
    assert parse(words, {"PATH": "/usr/bin:/bin"}).words


def assert_make_dry_run_succeeds(words: list[str]) -> None:
    for target in (word for word in words if "=" not in word):
        assert target in TARGETS
    dry_run = subprocess.run(["make", "--dry-run", *words], cwd=CHECKOUT, capture_output=True, text=True)
    assert dry_run.returncode == 0, dry_run.stderr


def assert_docker_parses(words: list[str]) -> None:
    command = next(command for command in DOCKER_OPTIONS if tuple(words[: len(command)]) == command)
    if command in (("compose", "run"), ("compose", "exec")):
        assert_compose_run_parses(words[len(command) :], DOCKER_OPTIONS[command])
        return
    options, arguments = split_options(words[len(command) :], DOCKER_OPTIONS[command])
    assert {value.partition("=")[0] for value in options.get("--scale", [])} <= SERVICES
    assert {value.partition("=")[0] for value in options.get("--build-arg", [])} <= build_arguments()
    assert {re.split("[=,]", value)[1] for value in options.get("--secret", [])} <= build_secrets()
    if command == ("build",):
        assert arguments == ["."]
    elif command == ("run",):
        assert arguments[0] in IMAGES
        assert_entrypoint_parses(arguments[1:])
    elif command[0] == "compose":
        assert set(arguments) <= SERVICES
    elif command in (("stop",), ("rm",)):
        containers = [re.fullmatch(r"astro-runtime-(.+)-\d+", name) for name in arguments]
        assert {match[1] for match in containers if match} <= SERVICES
        assert all(containers)
    elif command == ("volume", "rm"):
        assert set(arguments) <= VOLUMES
    elif command == ("buildx", "bake"):
        assert set(arguments) <= {image.partition(":")[2].replace(".", "_") for image in IMAGES}
    else:
        assert arguments == []


def assert_compose_run_parses(words: list[str], options: Mapping[str, bool]) -> None:
    start = next(position for position, word in enumerate(words) if not word.startswith("-"))
    assert set(words[:start]) <= options.keys()
    service, *command = words[start:]
    assert service in SERVICES
    if command[:1] == ["cat"]:
        assert command[1] in COMPOSE_FILE
    elif command[:1] == ["astro-runtime"]:
        assert_astro_runtime_parses(command[1:])
    elif command:
        assert_entrypoint_parses(command)


def assert_kubectl_parses(words: list[str]) -> None:
    assert words[0] in ("exec", "patch", "rollout")
    if words[0] == "exec":
        program, *options = words[words.index("--") + 1 :]
        PROGRAMS[program](options)
    elif words[0] == "patch":
        assert json.loads(words[words.index("--patch") + 1])


def split_options(
    words: list[str], takes_value: Mapping[str, bool]
) -> tuple[dict[str, list[str]], list[str]]:
    """Return the values of each option, and the arguments. Raises KeyError for an option that is not listed."""
    options: dict[str, list[str]] = {}
    arguments: list[str] = []
    remaining = iter(words)
    for word in remaining:
        if not word.startswith("-"):
            arguments.append(word)
        else:
            values = options.setdefault(word, [])
            values.extend([next(remaining)] if takes_value[word] else [])
    return options, arguments


def build_secrets() -> set[str]:
    """Return the secrets that a project's build looks for."""
    return set(re.findall(r"--mount=type=secret,id=([\w.]+)", DOCKERFILE))


def build_arguments() -> set[str]:
    """Return the build arguments of the Dockerfile, also those of a project's build (ONBUILD)."""
    return set(re.findall(r"^(?:ONBUILD )?ARG (\w+)", DOCKERFILE, re.MULTILINE))


def assert_helm_parses(words: list[str]) -> None:
    files = [words[index + 1] for index, word in enumerate(words) if word == "--values"]
    assert files
    assert all((CHECKOUT / file).is_file() for file in files)


def assert_curl_parses(words: list[str]) -> None:
    url = words[-1]
    assert url.partition("/astro-runtime")[2] in document()["paths"]


def assert_astro_cli_parses(words: list[str]) -> None:
    assert words in (["dev", "start"], ["dev", "parse"], ["dev", "pytest"])


def assert_pip_parses(words: list[str]) -> None:
    assert words == ["install", "dist/*.whl"]  # what `make wheel` builds


def assert_sql_runs(text: str) -> None:
    with sqlite3.connect(":memory:") as database:
        database.execute(f"create table {state.TABLE.name} (kind)")
        database.executescript(text)


def assert_apache_parses(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check_config(Path(folder), text)


LANGUAGES: Mapping[str, Callable[[str], object]] = {
    "apache": assert_apache_parses,
    "console": assert_console_parses,
    "dockerfile": assert_dockerfile_parses,
    "ini": assert_ini_parses,
    "json": json.loads,
    "yaml": yaml.safe_load,
    "sql": assert_sql_runs,
}
PROGRAMS: Mapping[str, Callable[[list[str]], None]] = {
    "astro": assert_astro_cli_parses,
    "astro-runtime": assert_astro_runtime_parses,
    "astro-runtime-entrypoint": assert_entrypoint_parses,
    "curl": assert_curl_parses,
    "docker": assert_docker_parses,
    "helm": assert_helm_parses,
    "kubectl": assert_kubectl_parses,
    "make": assert_make_dry_run_succeeds,
    "pip": assert_pip_parses,
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
    names = {match[1] for code in spans if (match := re.match(r"astro-runtime ([a-z-]+)\b", code))}
    assert names == set(main.list_commands(click.Context(main)))
