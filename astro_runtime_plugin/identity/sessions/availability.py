"""Whether the provider answers renewals: while it does not, no request waits for one."""

from __future__ import annotations

import math
from collections.abc import Callable

AWAY_SECONDS = 10.0  # how long nobody waits after a renewal that failed, or that came too late


class ProviderAvailability:
    """What the last renewals of this process have shown. Of several threads the last one counts."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._away_at = -math.inf

    def note(self, is_away: bool) -> None:
        """Remember how a renewal ended."""
        self._away_at = self._clock() if is_away else -math.inf

    @property
    def is_away(self) -> bool:
        """Whether waiting is in vain at the moment."""
        return self._clock() - self._away_at < AWAY_SECONDS
