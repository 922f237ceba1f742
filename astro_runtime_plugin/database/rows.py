"""Reads rows of the Runtime's table as pydantic models: another release may have written them."""

from __future__ import annotations

import logging
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from astro_runtime_plugin.database import state

log = logging.getLogger("astro_runtime")
Row = TypeVar("Row", bound=BaseModel)


def fetch_valid(kind: str, model: type[Row], seconds: float | None = None) -> dict[str, Row]:
    """Return the values of a kind by name, like `state.fetch`; one that is not a valid `model` is left out."""
    rows: dict[str, Row] = {}
    for name, value in state.fetch(kind, seconds).items():
        try:
            rows[name] = model.model_validate(value)
        except ValidationError as error:
            invalid = ".".join(map(str, error.errors()[0]["loc"])) or "the value"
            log.debug(
                "%s: the %s row %.200r is ignored: %s is invalid", state.TABLE.name, kind, name, invalid
            )
    return rows
