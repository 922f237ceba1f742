"""`astro-runtime version`."""

from __future__ import annotations

import click

from astro_runtime_plugin import __version__
from entrypoint.airflow_line import installed_airflow


@click.command()
def version() -> None:
    """Print the release, the Airflow that it runs, and the package's version."""
    from astro_runtime_plugin.catalogue import releases
    from astro_runtime_plugin.lookup import running_release

    release = running_release(releases()).release
    click.echo(f"Runtime {release} (Airflow {installed_airflow()}, astro-runtime {__version__})")
