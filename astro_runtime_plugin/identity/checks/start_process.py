"""The child process that asks the provider when the web server starts: a process can be ended wherever it hangs."""

from __future__ import annotations

import os
import sys
from threading import Thread

from astro_runtime_plugin import child_process
from astro_runtime_plugin.identity.checks.finding import Finding
from astro_runtime_plugin.identity.checks.provider_check import issuer_findings
from astro_runtime_plugin.identity.checks.proxy_check import proxy_findings
from astro_runtime_plugin.identity.checks.start import SECONDS
from astro_runtime_plugin.identity.provider.provider import Provider
from astro_runtime_plugin.identity.settings import IdentitySettings


def find(settings: IdentitySettings) -> list[Finding]:
    """Return the findings of a start."""
    issuer = issuer_findings(settings, Provider(settings)) if settings.issuer else []
    return [*issuer, *proxy_findings(settings)]


def main() -> None:
    """Answer with the findings, or that the provider takes too long."""
    settings = child_process.read_question()
    findings: list[Finding] = []
    thread = Thread(target=lambda: findings.extend(find(settings)), daemon=True)
    thread.start()
    thread.join(SECONDS)
    late = Finding("issuer", "unavailable", f"the provider does not answer within {SECONDS:g} seconds")
    child_process.answer([late] if thread.is_alive() else findings)
    sys.stdout.flush()
    os._exit(0)  # the thread may wait for the network
