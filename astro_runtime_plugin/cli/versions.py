"""`astro-runtime versions`."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import click

from astro_runtime_plugin.cli.today import with_today

if TYPE_CHECKING:
    from astro_runtime_plugin.cli.table import Cell
    from astro_runtime_plugin.releases.catalogue import Release
    from astro_runtime_plugin.releases.lifecycle import Lifecycle

COLUMNS = ("release", "Airflow", "Python", "channel", "maintained until", "stage")


@click.command()
@click.option("--json", "form", flag_value="json", help="a JSON list, an object for each release")
@with_today
def versions(form: str | None, today: date) -> None:
    """Print every release that is known here: what is in it, and until when it is maintained."""
    from astro_runtime_plugin.cli.lookup import load_releases
    from astro_runtime_plugin.releases.lifecycle import lifecycle

    found = load_releases()
    told = [(release, lifecycle(release, found, today)) for release in found]
    if form == "json":
        click.echo(json.dumps([facts(*one, today) for one in told], indent=2, ensure_ascii=False))
        return
    from astro_runtime_plugin.cli.table import print_table

    print_table(COLUMNS, [_cells(*one) for one in told])


def facts(release: Release, told: Lifecycle, today: date) -> dict[str, object]:
    """Return a release and its lifecycle as what JSON can hold."""
    lifecycle = {**told.model_dump(mode="json", exclude={"release"}), "days_left": told.days_left(today)}
    return {**release.model_dump(mode="json"), "lifecycle": lifecycle}


def _cells(release: Release, told: Lifecycle) -> list[Cell]:
    from astro_runtime_plugin.cli.stage import colored_stage
    from astro_runtime_plugin.releases.lifecycle import channel_label

    return [
        release.release,
        release.airflow,
        ", ".join(release.python_versions),
        channel_label(release, told),
        str(told.maintained_until or ""),
        colored_stage(told),
    ]
