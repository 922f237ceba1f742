"""Writes the reference pages."""

from __future__ import annotations

from pathlib import Path

from astro_runtime_plugin.releases.catalogue import releases
from dev.docs import defaults_page, releases_page
from dev.versions import CHECKOUT

REFERENCE = CHECKOUT / "docs" / "reference"


def pages() -> dict[Path, str]:
    """Return the text of each page as Markdown."""
    return {
        REFERENCE / "defaults.md": defaults_page.render(),
        REFERENCE / "releases.md": releases_page.render(releases()),
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text)
