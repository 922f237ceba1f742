"""A notice to operators, as the UI and the log show it."""

from __future__ import annotations

import logging
from typing import Literal

from pydantic import BaseModel, Field

LEVELS = {"critical": logging.WARNING, "warning": logging.WARNING, "info": logging.INFO}  # most severe first


class Notice(BaseModel):
    """A notice to operators."""

    id: str = Field(
        description="stays the same as long as the notice says the same, so that it stays dismissed"
    )
    level: Literal["info", "warning", "critical"] = Field(description="how severe it is")
    text: str = Field(description="the message, without markup")
    url: str | None = Field(
        default=None, description="an http(s) link to more, if the update document has one"
    )
