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
    "superseded": "release {release} is not maintained; {superseded_by} is maintained instead",
    "unmaintained": "release {release} is not maintained; maintenance ended on {until}",
    "yanked": "release {release} is yanked: {reason}",
    "unknown": "the end of maintenance of release {release} is unknown",
}


@click.command()
@click.option(
    "--cluster", is_flag=True, help="check the whole installation in the middle of a rolling upgrade"
)
@click.option("--json", "as_json", is_flag=True, help="with --cluster: a JSON list")
@with_today
@click.pass_context
def check(context: click.Context, cluster: bool, as_json: bool, today: date) -> None:
    """Report on one line whether the running release is maintained; exit with 3 if it is not, or is yanked.

    With --cluster, say instead whether it is safe to go on with a rolling upgrade; exit with 6 if it is not, and with
    1 if that is unknown.
    """
    if cluster:
        from astro_runtime_plugin.cli.check_cluster import check_cluster

        context.exit(check_cluster(as_json))
    if as_json:
        raise click.UsageError("--json needs --cluster")
    _check_release(context, today)


def _check_release(context: click.Context, today: date) -> None:
    from astro_runtime_plugin.cli.lookup import load_releases, running_release
    from astro_runtime_plugin.releases import lifecycle as lifecycles

    releases = load_releases()
    release = running_release(releases)
    lifecycle = lifecycles.compute_lifecycle(release, releases, today)
    sentence = SENTENCES[lifecycle.stage].format(
        release=release.release,
        released=release.release_date,
        until=lifecycle.maintained_until,
        basic=lifecycle.basic_support_until,
        superseded_by=lifecycle.superseded_by,
        reason=release.why_yanked,
    )
    if lifecycle.stage == "unknown":
        raise StartError(sentence, UNKNOWN)
    click.echo(sentence)
    context.exit(NOT_MAINTAINED if lifecycle.stage in lifecycles.UNMAINTAINED_STAGES else 0)
