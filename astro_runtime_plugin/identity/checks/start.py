"""The checks of the identity settings when a component starts.

Wrong settings end the web server before it serves, in the process that would start its workers: a worker that ended for
them would be started again and again. All other components only warn, and ask nobody.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from astro_runtime_plugin import child_process
from astro_runtime_plugin.component import API_SERVER, WEBSERVER
from astro_runtime_plugin.identity.checks.finding import Finding
from astro_runtime_plugin.identity.settings import IdentitySettings, read_settings
from astro_runtime_plugin.options.text import single_line
from entrypoint.errors import StartError
from entrypoint.identity import CLIENT_SECRET, ISSUER, PROXY_KEYS
from entrypoint.log import log as print_line

log = logging.getLogger("astro_runtime")
MODULE = "astro_runtime_plugin.identity.checks.start_process"
SECONDS = 10.0  # for the provider
SPARE_SECONDS = 5.0  # for the child process to start
MAX_TEXT = 500  # characters
CORE_APPS = {"all", "core"}  # the applications of an API server with pages; tasks use the other one


def check(component: str, argv: Sequence[str], conf: Any, line: str) -> None:
    """Check the settings for a component with this command line; print why and exit with 78 if they are wrong."""
    try:
        if serves_pages(component, argv):
            check_web_server(conf, line)
        else:
            check_values(conf, line)
    except StartError as error:
        print_line(str(error))
        sys.exit(error.code)


def serves_pages(component: str, argv: Sequence[str]) -> bool:
    """Whether the component has the pages that users log in to."""
    if component == API_SERVER:
        return bool(CORE_APPS & {*_option(argv, "--apps", "all").split(",")})
    return component == WEBSERVER


def _option(argv: Sequence[str], name: str, default: str) -> str:
    words = [*argv, ""]
    for word, following in pairwise(words):
        if word.partition("=")[0] == name:
            return word.partition("=")[2] or following
    return default


def check_web_server(conf: Any, line: str) -> None:
    """Raise StartError for settings with which no login can work; warn if the provider does not answer."""
    from astro_runtime_plugin.identity.checks.rules_check import load_rules

    settings = settings_in_force(conf, line)
    if settings is None:
        return
    load_rules(settings)
    for finding in ask_provider(settings):
        text = single_line(finding.text, MAX_TEXT)
        if finding.state == "wrong":
            raise StartError(f"[astro_runtime] {SETTINGS.get(finding.subject, ISSUER)}: {text}")
        if finding.state != "ok":
            log.warning("astro-runtime: nobody can log in for now: %s", text)


def settings_in_force(conf: Any, line: str) -> IdentitySettings | None:
    """Return the settings; None if there are none, or if a login of the operator's own keeps them from having effect.

    Raises StartError for wrong ones, and if the Runtime's auth manager should be in force and is not.
    """
    from astro_runtime_plugin.identity.checks.own_login import is_runtimes, own_login

    if own_login(conf, line):
        return None
    settings, manager = read_settings(conf), conf.get("core", "auth_manager", fallback="")
    if settings and not is_runtimes(manager):
        raise StartError(
            f"[core] auth_manager is {manager}, and not the Runtime's; the warnings above say why"
        )
    return settings


SETTINGS = {"proxy keys": PROXY_KEYS}  # by what was checked; the others are about the issuer


def check_values(conf: Any, line: str) -> None:
    """Warn of settings that cannot be read, in a component that does not use them.

    Asks nobody, and reads neither a file nor the client's secret, which may be only where the web server runs.
    """
    from astro_runtime_plugin.identity.checks.rules_check import check_document

    try:
        if settings := settings_in_force(ConfWithoutSecret(conf), line):
            check_document(settings)
    except StartError as error:
        log.warning("astro-runtime: %s; the web server will not start", error)


class ConfWithoutSecret:
    """Airflow's `conf`, in which the client's secret is not set."""

    def __init__(self, conf: Any) -> None:
        self._conf = conf

    def get(self, section: str, name: str, fallback: str | None = None) -> Any:
        """Return an option as `conf` has it."""
        return fallback if name == CLIENT_SECRET else self._conf.get(section, name, fallback=fallback)


def ask_provider(settings: IdentitySettings) -> list[Finding]:
    """Return what a child process finds, in bounded time. It needs no secret, and gets none."""
    question = replace(settings, client_secret="")
    try:
        answer = child_process.ask(MODULE, question, SECONDS + SPARE_SECONDS)
    except child_process.ChildFailedError:
        return [Finding("issuer", "unavailable", "the provider cannot be checked")]
    return [Finding(*row) for row in answer]
