"""The option `--today`, for a command whose result depends on the day."""

from __future__ import annotations

from datetime import date, datetime

import click

from astro_runtime_plugin.releases.today import utc_today


def _to_date(_: click.Context, __: click.Parameter, value: datetime | None) -> date:
    return value.date() if value else utc_today()


with_today = click.option(
    "--today",
    type=click.DateTime(["%Y-%m-%d"]),
    callback=_to_date,
    metavar="YYYY-MM-DD",
    help="pretend that this is today's date in UTC",
)
