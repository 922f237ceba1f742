"""`astro-runtime versions`."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import click

from astro_runtime_plugin.cli.today import with_today

if TYPE_CHECKING:
    from astro_runtime_plugin.cli.table import Cell
    from astro_runtime_plugin.releases.lifecycle import Lifecycle
    from astro_runtime_plugin.releases.release import Release

COLUMNS = ("release", "Airflow", "Python", "channel", "maintained until", "stage")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="a JSON list with an object for each release")
@with_today
def versions(as_json: bool, today: date) -> None:
    """Print every known release: what it contains, and until when it is maintained."""
    from astro_runtime_plugin.cli.lookup import load_releases
    from astro_runtime_plugin.releases.lifecycle import compute_lifecycle
    from astro_runtime_plugin.releases.series import ReleaseIndex

    releases = ReleaseIndex(load_releases())
    lifecycles = [(release, compute_lifecycle(release, releases, today)) for release in releases]
    if as_json:
        from astro_runtime_plugin.cli.output import print_json

        rows = [facts(release, lifecycle, today) for release, lifecycle in lifecycles]
        print_json(rows)
        return
    from astro_runtime_plugin.cli.table import print_table

    print_table(COLUMNS, [_cells(release, lifecycle) for release, lifecycle in lifecycles])


def facts(release: Release, lifecycle: Lifecycle, today: date) -> dict[str, object]:
    """Return a release and its lifecycle as a JSON object."""
    dates = {
        **lifecycle.model_dump(mode="json", exclude={"release"}),
        "days_left": lifecycle.days_left(today),
    }
    return {**release.model_dump(mode="json"), "lifecycle": dates}


def _cells(release: Release, lifecycle: Lifecycle) -> list[Cell]:
    from astro_runtime_plugin.cli.stage import coloured_stage
    from astro_runtime_plugin.releases.lifecycle import channel_label

    return [
        release.release,
        release.airflow,
        ", ".join(release.python_versions),
        channel_label(release, lifecycle),
        str(lifecycle.maintained_until or ""),
        coloured_stage(lifecycle),
    ]
