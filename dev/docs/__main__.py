"""Generates the reference pages from the code (`make docs`)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from astro_runtime_plugin.releases.catalogue import releases
from dev.docs import api_page, defaults_page, fixes_page, permissions_page, releases_page
from dev.versions import CHECKOUT

REFERENCE = CHECKOUT / "docs" / "reference"
# Each page and the function that returns its Markdown.
PAGES: dict[Path, Callable[[], str]] = {
    REFERENCE / "api.md": api_page.render,
    REFERENCE / "defaults.md": defaults_page.render,
    REFERENCE / "fixes.md": fixes_page.render,
    REFERENCE / "permissions.md": permissions_page.render,
    REFERENCE / "releases.md": lambda: releases_page.render(releases()),
}

if __name__ == "__main__":
    for path, render in PAGES.items():
        path.write_text(render())
