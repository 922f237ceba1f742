"""The row of `[core] parallelism` on the Runtime page: the limit in force. No I/O."""

from __future__ import annotations

from collections.abc import Sequence

from astro_runtime_plugin.parallelism.snapshot import PARALLELISM, SchedulerLimit
from astro_runtime_plugin.web.schemas import Setting
from entrypoint.record import RUNTIME


def effective_setting(setting: Setting, schedulers: Sequence[SchedulerLimit]) -> Setting:
    """Return the setting as it is in force: schedulers that follow the running workers override parallelism."""
    if setting.documented != PARALLELISM or not schedulers:
        return setting
    return setting.model_copy(
        update={
            "value": _range([scheduler.parallelism for scheduler in schedulers]),
            "origin": RUNTIME,
            "why": f"follows the running workers: {_explain(schedulers)}",
            "set_as": "",
        }
    )


def _range(limits: Sequence[int]) -> str:
    low, high = min(limits), max(limits)
    return str(low) if low == high else f"{low}–{high}"


def _explain(schedulers: Sequence[SchedulerLimit]) -> str:
    """Return how the limit is calculated, by scheduler if they differ."""
    if len({(scheduler.parallelism, scheduler.why) for scheduler in schedulers}) == 1:
        return schedulers[0].why
    return "; ".join(f"{limit.parallelism} on {limit.scheduler} ({limit.why})" for limit in schedulers)
