"""A notice to operators, as the UI and the log show it."""

from __future__ import annotations

import logging
from typing import Literal

from pydantic import BaseModel

LEVELS = {"critical": logging.WARNING, "warning": logging.WARNING, "info": logging.INFO}  # most severe first


class Notice(BaseModel):
    """A notice: text without markup, and an http(s) link to more information if the update document has one.

    `id` stays the same as long as the notice says the same, so that a dismissed notice stays dismissed.
    """

    id: str
    level: Literal["info", "warning", "critical"]
    text: str
    url: str | None = None
