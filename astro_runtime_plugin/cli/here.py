"""The releases that are known here, for a command."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from astro_runtime_plugin.catalogue import Release


def load_releases_for_command() -> list[Release]:
    """Return every release that is known here, in order; why there is no update document is said on stderr."""
    from astro_runtime_plugin.lookup import load_releases

    return load_releases(os.environ, lambda text: click.echo(f"astro-runtime: {text}", err=True))
