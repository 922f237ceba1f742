"""What a component does beside its job; none of it may fail the component."""

from __future__ import annotations

import os
import sys

from astro_runtime_plugin import updates
from astro_runtime_plugin.components import announce
from astro_runtime_plugin.components.kinds import component_of

SCHEDULER = "scheduler"


def begin() -> None:
    """Record the component; a scheduler looks for updates, too, and writes the notices into its log."""
    announce.begin()
    if component_of(sys.argv, os.environ) == SCHEDULER:
        from astro_runtime_plugin import notice_log

        updates.begin()
        notice_log.begin()
