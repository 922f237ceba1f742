"""The option `--today`, for a command whose answer hangs on the day."""

from __future__ import annotations

from datetime import date, datetime

import click

from astro_runtime_plugin.releases.today import utc_today


def _day(_: click.Context, __: click.Parameter, value: datetime | None) -> date:
    return value.date() if value else utc_today()


with_today = click.option(
    "--today",
    type=click.DateTime(["%Y-%m-%d"]),
    callback=_day,
    metavar="YYYY-MM-DD",
    help="as if today, in UTC, were that day",
)
