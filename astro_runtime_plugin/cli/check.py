"""`astro-runtime check`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

import click

from astro_runtime_plugin.cli.today import with_today
from entrypoint.errors import NOT_MAINTAINED, UNKNOWN, StartError

if TYPE_CHECKING:
    from astro_runtime_plugin.releases.lifecycle import Stage

SENTENCES: Mapping[Stage, str] = {
    "future": "release {release} comes out on {released}",
    "maintained": "release {release} is maintained until {until}",
    "basic support": "release {release} was maintained until {until}, and has basic support until {basic}",
    "superseded": "release {release} is not maintained: {superseded_by} is, in its place",
    "unmaintained": "release {release} is not maintained: that ended on {until}",
    "yanked": "release {release} is yanked: {reason}",
    "unknown": "nobody says until when release {release} is maintained",
}


@click.command()
@with_today
@click.pass_context
def check(context: click.Context, today: date) -> None:
    """Say in one line whether the release that runs here is maintained; exit code 3 where it is not, or is yanked."""
    from astro_runtime_plugin.cli.lookup import load_releases, running_release
    from astro_runtime_plugin.releases import lifecycle as policy

    found = load_releases()
    release = running_release(found)
    told = policy.lifecycle(release, found, today)
    sentence = SENTENCES[told.stage].format(
        release=release.release,
        released=release.release_date,
        until=told.maintained_until,
        basic=told.basic_support_until,
        superseded_by=told.superseded_by,
        reason=release.why_yanked,
    )
    if told.stage == "unknown":
        raise StartError(sentence, UNKNOWN)
    click.echo(sentence)
    context.exit(NOT_MAINTAINED if told.stage in policy.NOT_MAINTAINED else 0)
