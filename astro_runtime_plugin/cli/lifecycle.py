"""`astro-runtime lifecycle`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

import click

from astro_runtime_plugin.cli.today import with_today

if TYPE_CHECKING:
    from astro_runtime_plugin.cli.table import Cell
    from astro_runtime_plugin.releases.catalogue import Release
    from astro_runtime_plugin.releases.lifecycle import Lifecycle


@click.command()
@click.argument("release", required=False)
@click.option("--json", "form", flag_value="json", help="a JSON object")
@with_today
def lifecycle(release: str | None, form: str | None, today: date) -> None:
    """Print until when RELEASE is maintained; without one, the release that runs here."""
    from astro_runtime_plugin.cli.lookup import load_releases, require_release, running_release
    from astro_runtime_plugin.cli.versions import facts
    from astro_runtime_plugin.releases import lifecycle as policy

    found = load_releases()
    asked = require_release(release, found) if release is not None else running_release(found)
    told = policy.lifecycle(asked, found, today)
    if form == "json":
        click.echo(json.dumps(facts(asked, told, today), indent=2, ensure_ascii=False))
        return
    from astro_runtime_plugin.cli.table import print_table

    print_table(("", ""), _lines(asked, told, today))


def _lines(release: Release, told: Lifecycle, today: date) -> Iterator[tuple[Cell, Cell]]:
    from astro_runtime_plugin.cli.stage import colored_stage
    from astro_runtime_plugin.releases.lifecycle import channel_label

    yield "release", f"{release.release} (Airflow {release.airflow})"
    if shown := channel_label(release, told):
        yield "channel", shown
    yield "stage", colored_stage(told)
    for name, fact in {
        "why yanked": release.yanked_reason,
        "superseded by": told.superseded_by,
        "released": release.release_date,
        "maintained until": _until(told, today),
        "basic support until": told.basic_support_until,
        "read more": release.url,
    }.items():
        if fact:
            yield name, str(fact)


def _until(told: Lifecycle, today: date) -> str:
    left = told.days_left(today)
    if left is None:
        return ""
    days = f"{abs(left)} day{'s' * (abs(left) != 1)} {'left' if left >= 0 else 'ago'}"
    return f"{told.maintained_until} ({'published' if told.published else 'by the policy'}; {days})"
