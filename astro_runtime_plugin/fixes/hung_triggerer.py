"""A triggerer whose triggers hang exits, so that whatever restarts containers starts it again.

A trigger that blocks the event loop stops all others. Airflow notices this and stops the heartbeat, so that another
triggerer takes the triggers over. But the process stays, and if it is the only triggerer, no trigger runs any more.

Three times `[triggerer] runner_health_check_threshold` (30 s by default) after Airflow has noticed, the triggerer exits
if its triggers are still silent. Only silence during which this process listened counts.
"""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt

TRIGGERER = "airflow.jobs.triggerer_job_runner"
ID = "hung-triggerer"
PATIENCE = 3  # times the threshold, after Airflow has noticed
# Of listening, about a second each, so that a slow call in this process does not count as silence.
MIN_ROUNDS = 10
log = logging.getLogger("astro_runtime")


@dataclass
class Silence:
    """How long the process of the triggers has been silent, in seconds of the monotonic clock."""

    last_word: float = 0.0
    noticed: float = 0.0
    rounds: int = 0

    def is_final(self, last_word: float, threshold: float, now: float) -> bool:
        """Count a round of listening, and return whether to give up. A threshold of 0 turns this off."""
        if threshold <= 0 or now - last_word <= threshold:
            self.rounds = 0
            return False
        if last_word != self.last_word or not self.rounds:
            self.last_word, self.noticed, self.rounds = last_word, now, 0
        self.rounds += 1
        return self.rounds >= MIN_ROUNDS and now - self.noticed >= PATIENCE * threshold


# A process has one triggerer, whose class takes no further attributes.
_silence = Silence()


def end_if_hung(heartbeat: Callable[[Any], None]) -> Callable[[Any], None]:
    """Wrap `TriggerRunnerSupervisor.heartbeat`, which is called after each round of listening.

    The wrapped function raises RuntimeError if the triggers have hung; Airflow's triggerer ends with it.
    """

    @wraps(heartbeat)
    def beat_or_end(supervisor: Any) -> None:
        heartbeat(supervisor)
        if attempt(ID, False, has_hung, supervisor):
            log.error(
                "astro-runtime: the triggers hang, so the triggerer exits; the next one runs its triggers"
            )
            attempt(ID, None, supervisor.kill, signal.SIGKILL)
            raise RuntimeError("the triggers have hung")

    return beat_or_end


def has_hung(supervisor: Any) -> bool:
    """Whether the process of the triggers has been silent for too long."""
    threshold = supervisor.runner_health_check_threshold
    return _silence.is_final(supervisor._last_runner_comms, threshold, time.monotonic())


FIX = Fix(
    id=ID,
    title="A triggerer whose triggers hang exits and can be started again",
    symptom="Deferred tasks wait for ever; the triggerer is unhealthy, but its process stays.",
    issue="https://github.com/apache/airflow/issues/65286",
    ends="Airflow's triggerer exits when its event loop hangs.",
    patches=(
        Patch(TRIGGERER, "TriggerRunnerSupervisor.heartbeat", ("56de08f6106d5524",), end_if_hung, ("3.3",)),
    ),
)
