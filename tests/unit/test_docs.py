"""The documentation leads nowhere wrong, and leaves nothing out that the code has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from astro_runtime_plugin.cli import COMMANDS, main
from astro_runtime_plugin.identity.settings import PROBLEMS
from entrypoint import errors
from tests.unit.pages import CHECKOUT, PAGES, REFERENCE, first_cells, name_of, prose

LINK = re.compile(r"(?<!\\)\[[^\]\n]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
CODE_FOLDERS = ("entrypoint", "astro_runtime_plugin", "image")
# Where the code reads a setting of [astro_runtime]: by section and name, from Airflow's conf, or by a constant.
SETTING = re.compile(r'"astro_runtime", "(\w+)"|\(conf, "(\w+)"\)|"(notices|notice_\w+_days)"')
VARIABLE = re.compile(
    r"\b(_AIRFLOW_(?:DB|WWW)_\w*[A-Z]|CONNECTION_CHECK_\w+|ASTRO_RUNTIME_[A-Z_]+|ASTRONOMER_\w+|AIRFLOW__LOG_[A-Z_]+)\b"
)
FIRST_USER = ("USERNAME", "FIRSTNAME", "LASTNAME", "EMAIL", "ROLE")  # the code puts these names together


def sources(suffixes: tuple[str, ...] = (".py",)) -> dict[Path, str]:
    files = (path for folder in CODE_FOLDERS for path in (CHECKOUT / folder).rglob("*"))
    return {path: path.read_text() for path in files if path.suffix in suffixes}


def slugs(page: Path) -> set[str]:
    """Return the ids of a page's headings, as the site and the forges make them."""
    plain = (re.sub(r"[^\w\s-]", "", heading).strip().lower() for heading in HEADING.findall(prose(page)))
    return {re.sub(r"[\s]+", "-", heading) for heading in plain}


def links() -> Iterator[tuple[Path, str]]:
    for page in PAGES:
        for target in LINK.findall(prose(page)):
            if not target.startswith(("http://", "https://", "mailto:")):
                yield page, target


@pytest.mark.parametrize(
    ("page", "target"), [*links()], ids=lambda value: str(value).removeprefix(f"{CHECKOUT}/")
)
def test_link_leads_to_a_file_and_a_heading(page: Path, target: str) -> None:
    path, _, anchor = target.partition("#")
    file = (page.parent / path).resolve() if path else page
    assert file.is_file()
    if file.suffix == ".md" and anchor not in ("", "only-light", "only-dark"):
        assert anchor in slugs(file)


def test_site_page_links_only_to_site_pages() -> None:
    """A page outside docs/ is not built, so a link to it would lead nowhere."""
    for page, target in links():
        if page.is_relative_to(CHECKOUT / "docs"):
            assert (page.parent / target.partition("#")[0]).resolve().is_relative_to(CHECKOUT / "docs"), (
                target
            )


def test_every_image_is_shown_on_a_page() -> None:
    targets = {(page.parent / target.partition("#")[0]).resolve() for page, target in links()}
    icons = {CHECKOUT / "docs/images/favicon.svg"}
    assert {*(CHECKOUT / "docs/images").iterdir()} - icons <= targets


def test_every_runtime_setting_is_documented() -> None:
    read = {
        name for text in sources().values() for names in SETTING.findall(text) for name in filter(None, names)
    }
    assert len(read) > 5
    read |= {*PROBLEMS}  # of the identity provider
    assert read <= first_cells(REFERENCE / "settings.md")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_settings_named_in_the_pages_exist(page: Path) -> None:
    named = set(re.findall(r"\[astro_runtime\] (\w+)", page.read_text()))
    named |= {name.lower() for name in re.findall(r"AIRFLOW__ASTRO_RUNTIME__([A-Z_]+)\b", page.read_text())}
    assert named - {"option"} <= first_cells(REFERENCE / "settings.md")


def test_every_variable_is_documented() -> None:
    texts = [*sources((".py", ".sh")).values(), (CHECKOUT / "Dockerfile").read_text()]
    read = {name for text in texts for name in VARIABLE.findall(text)}
    read |= {f"_AIRFLOW_WWW_USER_{name}" for name in FIRST_USER}
    assert {"CONNECTION_CHECK_MAX_COUNT", "_AIRFLOW_DB_MIGRATE", "ASTRO_RUNTIME_RECORD"} <= read
    assert read <= first_cells(REFERENCE / "environment.md")


def exit_codes() -> set[int]:
    """Return the exit codes: the public numbers of `entrypoint.errors`, their only home."""
    return {value for name, value in vars(errors).items() if name.isupper() and name[0] != "_"}


def test_every_exit_code_is_documented() -> None:
    codes = exit_codes()
    assert {1, 2, 3, 75, 78, 126, 127} <= codes
    listed = re.findall(r"^\| (\d+) \|", (REFERENCE / "exit-codes.md").read_text(), re.MULTILINE)
    assert codes <= {int(code) for code in listed}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_documented(name: str) -> None:
    text = (REFERENCE / "command-line.md").read_text()
    _, heading, after = text.partition(f"\n### `astro-runtime {name}`\n")
    assert heading
    section = re.split(r"\n##+ ", after)[0]
    command = main.get_command(click.Context(main), name)
    assert command
    options = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
    assert options == set(re.findall(r"^\| `(--[a-z-]+)", section, re.MULTILINE))


def test_every_metric_is_documented() -> None:
    sent = {name for text in sources().values() for name in re.findall(r'\bsend_gauge\("([\w.]+)"', text)}
    assert sent
    assert sent == first_cells(REFERENCE / "metrics.md")


def test_source_files_named_in_the_pages_exist() -> None:
    names = {name for page in PAGES for name in re.findall(r"`([\w./-]+/[\w-]+\.py)`", prose(page))}
    assert names
    assert [
        name for name in sorted(names) if not [*CHECKOUT.glob(f"{name}"), *CHECKOUT.glob(f"*/{name}")]
    ] == []
