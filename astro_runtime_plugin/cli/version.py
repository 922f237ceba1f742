"""`astro-runtime version`."""

from __future__ import annotations

import click

from astro_runtime_plugin import __version__
from entrypoint.airflow_line import installed_airflow


@click.command()
def version() -> None:
    """Print the running release, its Airflow version and the package's version."""
    from astro_runtime_plugin.cli.lookup import running_release
    from astro_runtime_plugin.releases.catalogue import releases

    release = running_release(releases()).release
    click.echo(f"Runtime {release} (Airflow {installed_airflow()}, astro-runtime {__version__})")
