"""A release's stage in its colour."""

from __future__ import annotations

from collections.abc import Mapping

from rich.text import Text

from astro_runtime_plugin.releases.lifecycle import Lifecycle, Stage

COLOURS: Mapping[Stage, str] = {
    "future": "cyan",
    "maintained": "green",
    "basic support": "yellow",
    "superseded": "yellow",
    "unmaintained": "red",
    "yanked": "bold red",
    "unknown": "dim",
}


def coloured_stage(lifecycle: Lifecycle) -> Text:
    """Return the stage for rich, which prints it in colour on a terminal and plain elsewhere."""
    return Text(lifecycle.stage, COLOURS[lifecycle.stage])
