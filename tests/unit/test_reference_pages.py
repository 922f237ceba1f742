"""The reference pages in docs/ are what `make docs` writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from astro_runtime_plugin.releases.catalogue import releases
from dev.docs.__main__ import PAGES, REFERENCE
from entrypoint.defaults import ALL_DEFAULTS


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_page_matches_what_the_code_prints(path: Path) -> None:
    assert path.read_text() == PAGES[path](), "run: make docs"


def test_defaults_page_lists_every_setting() -> None:
    page = (REFERENCE / "defaults.md").read_text()
    assert all(f"`{setting.documented}`" in page for setting in ALL_DEFAULTS)


def test_releases_page_lists_every_release() -> None:
    page = (REFERENCE / "releases.md").read_text()
    assert all(f"| `{release.release}` | {release.airflow} |" in page for release in releases())
