"""`astro-runtime lifecycle`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

import click

from astro_runtime_plugin.cli.today import with_today

if TYPE_CHECKING:
    from astro_runtime_plugin.cli.table import Cell
    from astro_runtime_plugin.releases.lifecycle import Lifecycle
    from astro_runtime_plugin.releases.release import Release


@click.command()
@click.argument("release", required=False)
@click.option("--json", "as_json", is_flag=True, help="a JSON object")
@with_today
def lifecycle(release: str | None, as_json: bool, today: date) -> None:
    """Print until when RELEASE is maintained; the default is the running release."""
    from astro_runtime_plugin.cli.lookup import load_releases, require_release, running_release
    from astro_runtime_plugin.cli.versions import facts
    from astro_runtime_plugin.releases.lifecycle import compute_lifecycle

    releases = load_releases()
    selected = require_release(release, releases) if release is not None else running_release(releases)
    dates = compute_lifecycle(selected, releases, today)
    if as_json:
        from astro_runtime_plugin.cli.output import print_json

        print_json(facts(selected, dates, today))
        return
    from astro_runtime_plugin.cli.table import print_table

    print_table(("", ""), _rows(selected, dates, today))


def _rows(release: Release, lifecycle: Lifecycle, today: date) -> Iterator[tuple[Cell, Cell]]:
    from astro_runtime_plugin.cli.stage import coloured_stage
    from astro_runtime_plugin.releases.lifecycle import channel_label

    yield "release", f"{release.release} (Airflow {release.airflow})"
    if channel := channel_label(release, lifecycle):
        yield "channel", channel
    yield "stage", coloured_stage(lifecycle)
    for name, fact in {
        "why yanked": release.yanked_reason,
        "superseded by": lifecycle.superseded_by,
        "released": release.release_date,
        "maintained until": _maintained_until(lifecycle, today),
        "basic support until": lifecycle.basic_support_until,
        "read more": release.url,
    }.items():
        if fact:
            yield name, str(fact)


def _maintained_until(lifecycle: Lifecycle, today: date) -> str:
    left = lifecycle.days_left(today)
    if left is None:
        return ""
    days = f"{abs(left)} day{'s' * (abs(left) != 1)} {'left' if left >= 0 else 'ago'}"
    source = "published" if lifecycle.published else "by the policy"
    return f"{lifecycle.maintained_until} ({source}; {days})"
