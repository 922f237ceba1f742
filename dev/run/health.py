"""What Airflow's health endpoint says about each component."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx

from dev.run.profiles import PROFILE

*HEARTBEATS, WEB = PROFILE.components


def unhealthy(url: str, since: datetime) -> list[str]:
    """Return the components of the Airflow at `url` that are not healthy yet.

    A heartbeat from before `since` belongs to an earlier run, which may have been killed a moment ago.
    """
    try:
        response = httpx.get(f"{url}{PROFILE.health}", timeout=2, trust_env=False)
        return list(_unhealthy(response.raise_for_status().json(), since))
    except (httpx.HTTPError, ValueError, LookupError, TypeError):
        return [WEB]


def _unhealthy(health: dict[str, Any], since: datetime) -> Iterator[str]:
    if health["metadatabase"]["status"] != "healthy":
        yield "metadata database"
    for component in HEARTBEATS:
        key = component.replace("-", "_")
        heartbeat = datetime.fromisoformat(health[key][f"latest_{key}_heartbeat"])
        if health[key]["status"] != "healthy" or heartbeat < since:
            yield component
