"""What `astro-runtime identity check` finds without a token. Waits for the provider."""

from __future__ import annotations

from typing import Any

from astro_runtime_plugin.identity.addresses import redirect_uri
from astro_runtime_plugin.identity.checks.client_check import client_findings
from astro_runtime_plugin.identity.checks.finding import Finding
from astro_runtime_plugin.identity.checks.own_login import own_login
from astro_runtime_plugin.identity.checks.provider_check import clock_findings, issuer_findings
from astro_runtime_plugin.identity.checks.proxy_check import proxy_findings
from astro_runtime_plugin.identity.checks.rules_check import rules_finding
from astro_runtime_plugin.identity.provider.metadata import discovery_url
from astro_runtime_plugin.identity.provider.provider import Provider
from astro_runtime_plugin.identity.settings import IdentitySettings

LOGIN = "login"


def all_findings(settings: IdentitySettings, conf: Any, line: str) -> list[Finding]:
    """Return what every check finds; those that need an answer of the provider are left out if there is none."""
    findings: list[Finding] = []
    if settings.issuer:
        provider = Provider(settings)
        findings += issuer_findings(settings, provider)
        findings += clock_findings(discovery_url(settings.issuer))
        if all(finding.state == "ok" for finding in findings[:1]):
            findings += client_findings(settings, provider, redirect_uri(conf, line))
    return [*findings, *proxy_findings(settings), rules_finding(settings), *_own_findings(conf, line)]


def _own_findings(conf: Any, line: str) -> list[Finding]:
    login = own_login(conf, line)
    text = f"{login} is yours and stays in force: the identity provider has no effect"
    return [Finding(LOGIN, "warning", text)] if login else []
