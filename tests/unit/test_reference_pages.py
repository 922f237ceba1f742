"""The reference pages in docs/ are what `make docs` writes."""

from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from astro_runtime_plugin.releases.catalogue import releases
from astro_runtime_plugin.web.openapi import document
from dev.docs.__main__ import PAGES, REFERENCE
from dev.docs.api_examples import EXAMPLES
from entrypoint.defaults import ALL_DEFAULTS


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_page_matches_what_the_code_generates(path: Path) -> None:
    assert path.read_text() == PAGES[path](), "run: make docs"


def test_defaults_page_lists_every_setting() -> None:
    page = (REFERENCE / "defaults.md").read_text()
    assert all(f"`{setting.documented}`" in page for setting in ALL_DEFAULTS)


def test_releases_page_lists_every_release() -> None:
    page = (REFERENCE / "releases.md").read_text()
    assert all(f"| `{release.release}` | {release.airflow} |" in page for release in releases())


def test_example_of_every_get_endpoint_validates() -> None:
    """The two endpoints without an example return this very document and a page of HTML."""
    described = document()
    gets = {path for path, operations in described["paths"].items() if "get" in operations}
    assert EXAMPLES.keys() == gets - {"/api/openapi.json", "/page"}
    for path, example in EXAMPLES.items():
        response = described["paths"][path]["get"]["responses"]["200"]
        schema = response["content"]["application/json"]["schema"] | {"components": described["components"]}
        Draft202012Validator(schema).validate(example)
