"""What a scheduler whose loop has ended does so that others go on with its tasks."""

from __future__ import annotations

import logging
from typing import Any

from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.pod_requests import take_back_requests
from astro_runtime_plugin.fixes.support.sent_tasks import save_ids
from astro_runtime_plugin.fixes.support.unsent_tasks import release_unsent

log = logging.getLogger("astro_runtime")


def hand_over(fix_id: str, runner: Any) -> None:
    """Let any scheduler queue the tasks that were not sent, and adopt those that were."""
    attempt(fix_id, None, save_ids, runner)
    attempt(fix_id, None, take_back_requests, runner)
    count = attempt(fix_id, 0, release_unsent, runner)
    if count:
        log.info("astro-runtime: %d tasks that were not sent yet go to any scheduler", count)
