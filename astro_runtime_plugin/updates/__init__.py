"""The update check: a document that lists releases, fetched once a day where `[astro_runtime] update_url` is set."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from astro_runtime_plugin.catalogue import Release

log = logging.getLogger("astro_runtime")


def begin() -> None:
    """Let this scheduler take part in the update check; return at once, and never raise.

    Without an `update_url` nothing is started, nothing is asked for, and nothing more is imported.
    """
    try:
        from astro_runtime_plugin.updates.install import start

        start()
    except Exception as error:
        log.warning("astro-runtime: no update check: %s", type(error).__name__)


def known() -> list[Release]:
    """Return the releases of the last good document, in their order; none where there is none, or no `update_url`."""
    from astro_runtime_plugin.updates.install import stored_releases

    return stored_releases()
