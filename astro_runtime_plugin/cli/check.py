"""`astro-runtime check`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

import click

from astro_runtime_plugin.cli.here import load_releases_for_command
from astro_runtime_plugin.cli.today import with_today
from entrypoint.errors import StartError

if TYPE_CHECKING:
    from astro_runtime_plugin.lifecycle import Stage

EXIT_NOT_MAINTAINED = 3
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
    from astro_runtime_plugin import lifecycle as policy
    from astro_runtime_plugin.lookup import EXIT_UNKNOWN, running_release

    found = load_releases_for_command()
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
        raise StartError(sentence, EXIT_UNKNOWN)
    click.echo(sentence)
    context.exit(EXIT_NOT_MAINTAINED if told.stage in policy.NOT_MAINTAINED else 0)
