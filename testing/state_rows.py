"""Rows of the Runtime's table that another program has written."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import text

from astro_runtime_plugin.database import state
from astro_runtime_plugin.database.transaction import in_transaction
from astro_runtime_plugin.inventory import recorder


def write(name: str, value: str, updated_at: Any = None, kind: str = recorder.KIND) -> None:
    """Write a row as another program could."""
    state.put("any", "any", None)  # creates the table
    moment = time.time() if updated_at is None else updated_at
    row = {"kind": kind, "name": name, "value": value, "moment": moment}
    statement = text("INSERT INTO astro_runtime_state VALUES (:kind, :name, :value, :moment)")
    in_transaction(lambda connection: connection.execute(statement, row))
