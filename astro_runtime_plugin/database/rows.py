"""Reads rows of the Runtime's table as pydantic models: another release, or anybody, may have written them."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from astro_runtime_plugin.database import state
from astro_runtime_plugin.options.text import single_line

Row = TypeVar("Row", bound=BaseModel)


def fetch_valid(
    kind: str,
    model: type[Row],
    seconds: float | None = None,
    max_rows: int = state.MAX_ROWS,
    max_length: int = state.MAX_LENGTH,
) -> dict[str, Row]:
    """Return the values of a kind by name, like `state.fetch`; one that is not a valid `model` is ignored."""
    rows: dict[str, Row] = {}
    for name, value in state.fetch(kind, seconds, max_rows, max_length).items():
        try:
            rows[single_line(name)] = model.model_validate(value)
        except ValidationError as error:
            place = error.errors(include_input=False)[0]["loc"]
            invalid = single_line(".".join(map(str, place))) or "the value"
            state.ignore(kind, name, f"{invalid} is invalid")
    return rows
