"""Whether Airflow is up: what its own health endpoint says of each component."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import httpx

from dev.lines import HERE


def unhealthy(url: str, since: datetime) -> list[str]:
    """Return what is not healthy yet, asking the Airflow at `url`.

    A heartbeat from before `since` is an earlier run's, which may have been killed a moment ago.
    """
    try:
        answer = httpx.get(f"{url}{HERE.health}", timeout=2, trust_env=False).raise_for_status().json()
        return list(_unhealthy(answer, since))
    except (httpx.HTTPError, ValueError, LookupError, TypeError):
        return list(HERE.components)[-1:]


def _unhealthy(answer: dict[str, dict[str, str]], since: datetime) -> Iterator[str]:
    if answer["metadatabase"]["status"] != "healthy":
        yield "metadata database"
    for word, component in HERE.heartbeats.items():
        heartbeat = answer[word][f"latest_{word}_heartbeat"]
        if answer[word]["status"] != "healthy" or datetime.fromisoformat(heartbeat) < since:
            yield component
