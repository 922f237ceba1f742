"""A stage in its colour."""

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


def colored_stage(told: Lifecycle) -> Text:
    """Return the stage as rich prints it: in colour on a terminal, plain elsewhere."""
    return Text(told.stage, COLOURS[told.stage])
