"""The `airflow.policy` hook: gives the same defaults to a process that the entrypoint did not launch.

Airflow imports this module during its own start (`settings.initialize`), before it reads the settings that have a
default. An exception here would end every airflow command, so a step that fails logs one warning and leaves Airflow
unchanged.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from configparser import Error as ConfigParserError
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from entrypoint.record import ResolvedSetting

log = logging.getLogger("astro_runtime")
# The features that a warning was logged for; the processes that Airflow starts inherit it.
WARNED_VARIABLE = "ASTRO_RUNTIME_WARNED"


def apply_defaults(environ: MutableMapping[str, str]) -> None:
    """Put the defaults and their record into `environ`.

    What the entrypoint or a parent process exported is computed again, because the operator may have set something
    since, in a shell inside the container. Logs only what the parent has not logged: forwarded overrides, what a
    worker computes for itself, and that the operator's own logging or auth manager takes the place of ours. Raises
    StartError for an unusable value, with Airflow's own settings in `environ`.
    """
    from entrypoint.build_environment import build_environment
    from entrypoint.record import decode, strip_exports

    logged = {(setting.documented, setting.log_line) for setting in decode(environ)}
    replace_environ(environ, strip_exports(environ))
    prepared = build_environment(environ, sys.argv[1:])
    replace_environ(environ, prepared.environ)
    _log(setting for setting in prepared.settings if (setting.documented, setting.log_line) not in logged)


def _log(settings: Iterable[ResolvedSetting]) -> None:
    from astro_runtime_plugin.options.settings import PER_COMPONENT
    from entrypoint.log import escape_line

    for setting in settings:
        if setting.exported and setting.set_as:
            log.warning("astro-runtime: %s", escape_line(setting.log_line))
        elif (
            setting.documented in PER_COMPONENT or turns_task_logs_off(setting) or turns_identity_off(setting)
        ):
            # Like the entrypoint: this is not a warning, and Airflow configures logging later.
            sys.stderr.write(f"astro-runtime: {escape_line(setting.log_line)}\n")  # one write, unlike print()


def turns_task_logs_off(setting: ResolvedSetting) -> bool:
    """Whether this is a component with task logs, and the operator's own logging keeps them from the store."""
    from astro_runtime_plugin.component import WITH_TASK_LOGS, from_subcommand
    from entrypoint.task_logs import LEFT_ALONE

    return setting.why == LEFT_ALONE and bool(from_subcommand(sys.argv[1:], WITH_TASK_LOGS))


def turns_identity_off(setting: ResolvedSetting) -> bool:
    """Whether this is a web server, and the operator's own auth manager is in the identity provider's place."""
    from astro_runtime_plugin.component import WEB_SERVERS, from_subcommand
    from entrypoint.identity import LEFT_ALONE

    return setting.why == LEFT_ALONE and bool(from_subcommand(sys.argv[1:], WEB_SERVERS))


def replace_environ(environ: MutableMapping[str, str], wanted: Mapping[str, str]) -> None:
    """Make `environ` equal to `wanted`, changing only what differs."""
    for name in environ.keys() - wanted.keys():
        del environ[name]
    environ.update({name: text for name, text in wanted.items() if environ.get(name) != text})


def run_step(
    step: Callable[[MutableMapping[str, str]], None], feature: str, environ: MutableMapping[str, str]
) -> None:
    """Run one step of the hook; log its failure once for this process and its children.

    SystemExit also counts: an operator's own `entrypoint.py` may come before ours on Python's path.
    """
    try:
        step(environ)
    except (Exception, SystemExit) as error:
        warned = environ.get(WARNED_VARIABLE, "").split(",")
        if feature not in warned:
            environ[WARNED_VARIABLE] = ",".join([*filter(None, warned), feature])
            log.warning("astro-runtime: Airflow starts without the Runtime's %s: %s", feature, reason(error))


def reason(error: BaseException) -> str:
    """Return the reason for the warning in one line. StartError's message is complete without the class name.

    configparser's messages quote airflow.cfg, which may hold passwords, so they are left out.
    """
    if isinstance(error, ConfigParserError):
        return f"{type(error).__name__} in airflow.cfg"
    text = " ".join(str(error).split())
    return text if type(error).__name__ == "StartError" else f"{type(error).__name__}: {text}"


def protect_client_secret(_: object) -> None:
    """Have Airflow treat `[astro_runtime] oidc_client_secret` as it treats its own secrets."""
    from astro_runtime_plugin.airflow_compat import add_sensitive_option
    from entrypoint.identity import CLIENT_SECRET

    add_sensitive_option("astro_runtime", CLIENT_SECRET)


def add_examples(environ: MutableMapping[str, str]) -> None:
    """Add the example DAGs if the operator has turned them on."""
    from airflow.configuration import conf

    from astro_runtime_plugin.example_dags.register import register

    register(environ, conf)


def register_fixes(_: object) -> None:
    """Register the fixes that `astro_runtime_fixes.pth` has not: all if it did not run, and those of loaded modules."""
    from astro_runtime_plugin.fixes import activation

    activation.watch_imports(loaded=True)


def check_fixes(_: object) -> None:
    """Check which fixes the operator has turned off.

    Raises StartError for an invalid selection, whose valid words count.
    """
    from astro_runtime_plugin.fixes import activation

    activation.check_selection()


def watch_component(_: object) -> None:
    """Record a component whose start the plugin's listener does not see, because it has no job."""
    from astro_runtime_plugin.component import WITHOUT_LISTENER, from_subcommand

    component = from_subcommand(sys.argv[1:])
    if component in WITHOUT_LISTENER:
        from astro_runtime_plugin.inventory.start_signals import watch

        watch(component, sys.argv)


def watch_task_logs(_: object) -> None:
    """Report on task logs in a component that writes, reads or deletes them, once its command starts."""
    from astro_runtime_plugin.component import WITH_TASK_LOGS, from_subcommand

    if component := from_subcommand(sys.argv[1:], WITH_TASK_LOGS):
        from astro_runtime_plugin.airflow_compat import before_command
        from astro_runtime_plugin.listeners import start_guarded

        def start(**_: object) -> None:
            from astro_runtime_plugin.task_logs import service

            start_guarded("The report on task logs", lambda: service.start(component))

        before_command(start)


def watch_identity(_: object) -> None:
    """Check the settings of the identity provider once a component's command starts, before it serves or forks."""
    from astro_runtime_plugin.component import from_subcommand

    if component := from_subcommand(sys.argv[1:]):
        from astro_runtime_plugin import airflow_compat
        from astro_runtime_plugin.listeners import start_guarded

        def check(**_: object) -> None:
            from airflow.configuration import conf

            from astro_runtime_plugin.identity.checks import start

            start_guarded(
                "The check of the identity provider",
                lambda: start.check(component, sys.argv, conf, airflow_compat.line()),
            )

        airflow_compat.before_command(check)


run_step(apply_defaults, "defaults", os.environ)
run_step(protect_client_secret, "masking of oidc_client_secret", os.environ)
run_step(register_fixes, "fixes", os.environ)
run_step(check_fixes, "selection of fixes", os.environ)
run_step(add_examples, "example DAGs", os.environ)
run_step(watch_component, "record of this component", os.environ)
run_step(watch_task_logs, "report on task logs", os.environ)
run_step(watch_identity, "check of the identity provider", os.environ)
