"""Whether Airflow is up: what its own health endpoint says of each component."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import httpx

# The endpoint's words for the components with a heartbeat, and for the rest.
HEARTBEATS = {"scheduler": "scheduler", "dag_processor": "dag-processor", "triggerer": "triggerer"}


def unhealthy(url: str, since: datetime) -> list[str]:
    """Return what is not healthy yet, asking the api-server at `url`.

    A heartbeat from before `since` is an earlier run's, which may have been killed a moment ago.
    """
    try:
        answer = (
            httpx.get(f"{url}api/v2/monitor/health", timeout=2, trust_env=False).raise_for_status().json()
        )
        return list(_unhealthy(answer, since))
    except (httpx.HTTPError, ValueError, LookupError, TypeError):
        return ["api-server"]


def _unhealthy(answer: dict[str, dict[str, str]], since: datetime) -> Iterator[str]:
    if answer["metadatabase"]["status"] != "healthy":
        yield "metadata database"
    for word, component in HEARTBEATS.items():
        heartbeat = answer[word][f"latest_{word}_heartbeat"]
        if answer[word]["status"] != "healthy" or datetime.fromisoformat(heartbeat) < since:
            yield component
