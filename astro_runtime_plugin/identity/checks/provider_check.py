"""Whether the provider answers, with the name, the keys and the time that it must have. Waits for the network."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import timezone
from email.utils import parsedate_to_datetime

from astro_runtime_plugin.identity.checks.finding import Finding
from astro_runtime_plugin.identity.provider.errors import ProviderError
from astro_runtime_plugin.identity.provider.http import fetch_json
from astro_runtime_plugin.identity.provider.provider import Provider
from astro_runtime_plugin.identity.settings import IdentitySettings
from astro_runtime_plugin.identity.tokens.keys import KeySet
from astro_runtime_plugin.identity.tokens.verification import LEEWAY
from astro_runtime_plugin.options.urls import without_secrets

ISSUER, KEYS, CLOCK = "issuer", "keys", "clock"
Clock = Callable[[], float]


def issuer_findings(settings: IdentitySettings, provider: Provider) -> list[Finding]:
    """Return whether the issuer answers with its own name and with keys."""
    findings: list[Finding] = []
    checks: tuple[tuple[str, Callable[[], str]], ...] = (
        (ISSUER, lambda: _name(settings, provider)),
        (KEYS, lambda: _keys(provider)),
    )
    for subject, check in checks:
        try:
            findings.append(Finding(subject, "ok", check()))
        except ProviderError as error:
            return [*findings, failure(subject, error)]
    return findings


def failure(subject: str, error: ProviderError) -> Finding:
    """Return the finding for what the provider did not answer, or answered wrongly."""
    return Finding(subject, "unavailable" if error.transient else "wrong", str(error))


def _name(settings: IdentitySettings, provider: Provider) -> str:
    return f"{without_secrets(provider.metadata.issuer)} answers with its own name"


def _keys(provider: Provider) -> str:
    provider.refresh_keys()
    return describe_keys(provider.keys)


def describe_keys(keys: KeySet) -> str:
    """Return how many keys there are of each algorithm, or of each type where they state none."""
    kinds = Counter(key.algorithm or key.kind.type for key in keys.keys)
    return ", ".join(f"{count} × {kind}" for kind, count in sorted(kinds.items()))


def clock_findings(url: str, clock: Clock = time.time) -> Iterator[Finding]:
    """Compare this machine's clock with the header Date of the provider's answer; nothing if it has none."""
    try:
        _, headers = fetch_json(url)
    except ProviderError:
        return  # another check says so
    difference = clock_difference(headers, clock())
    if difference is None:
        yield Finding(CLOCK, "ok", "the provider does not state its time")
    elif abs(difference) <= LEEWAY:
        yield Finding(CLOCK, "ok", f"within {LEEWAY} s of the provider's")
    else:
        direction = "ahead of" if difference > 0 else "behind"
        text = f"this machine is {abs(difference):.0f} s {direction} the provider; tokens are refused beyond {LEEWAY} s"
        yield Finding(CLOCK, "wrong", text)


def clock_difference(headers: Mapping[str, str], now: float) -> float | None:
    """Return by how many seconds `now` is ahead of the header Date, which has whole seconds; None without one."""
    try:
        stated = parsedate_to_datetime(headers.get("date", ""))
    except (TypeError, ValueError):
        return None
    stated = stated if stated.tzinfo else stated.replace(tzinfo=timezone.utc)
    return now - stated.timestamp()
