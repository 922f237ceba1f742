"""What the JSON and the `astro-runtime` command say of each setting."""

from __future__ import annotations

from collections.abc import Iterable

from entrypoint.defaults import EVERY, WORKER_TABLE
from entrypoint.origin import Resolved

STOCK = {setting.documented: setting.stock for setting in EVERY}
OWN = {setting.documented for setting in WORKER_TABLE}  # those that a component has for itself alone


def rows(record: Iterable[Resolved]) -> list[dict[str, str]]:
    """Return the settings in the record, each with `stock`, Airflow's own default.

    One that has left the table is left out.
    """
    return [
        {
            "documented": one.documented,
            "variable": one.variable,
            "value": one.value,
            "origin": one.origin,
            "stock": STOCK[one.documented],
            "why": one.why,
            "set_as": one.set_as,
        }
        for one in record
        if one.documented in STOCK
    ]
