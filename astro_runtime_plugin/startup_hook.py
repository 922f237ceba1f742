"""The `airflow.policy` hook: the same defaults for a process that the entrypoint did not launch.

Airflow imports this module while it starts (`settings.initialize`), before it reads the settings of the table.
An exception here would end every airflow command, so whatever fails leaves Airflow as stock, with one warning.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Mapping, MutableMapping
from configparser import Error as ConfigParserError

log = logging.getLogger("astro_runtime")
WARNED_VARIABLE = (
    "ASTRO_RUNTIME_WARNED"  # what has been warned of; the processes that Airflow starts inherit it
)


def apply_defaults(environ: MutableMapping[str, str]) -> None:
    """Put the defaults and their record into `environ`.

    A carried override, and what a worker works out for itself, is said once, not in each child.

    What the entrypoint or a parent has exported is worked out anew: the operator may have set something since,
    in a shell inside the container. Raises StartError where a value cannot work; `environ` is then as stock.
    """
    from astro_runtime_plugin.options.settings import PER_COMPONENT
    from entrypoint.build_environment import build_environment
    from entrypoint.record import decode, strip_exports

    known = {(one.documented, one.log_line) for one in decode(environ)}
    replace_environ(environ, strip_exports(environ))
    settled = build_environment(environ, sys.argv[1:])
    replace_environ(environ, settled.environ)
    for setting in settled.settings:
        if (setting.documented, setting.log_line) in known:
            continue
        if setting.exported and setting.set_as:
            log.warning("astro-runtime: %s", setting.log_line)
        elif setting.documented in PER_COMPONENT:
            # As the entrypoint does: it is no warning, and Airflow sets its log up later.
            print(f"astro-runtime: {setting.log_line}", file=sys.stderr)


def replace_environ(environ: MutableMapping[str, str], wanted: Mapping[str, str]) -> None:
    """Make `environ` hold what `wanted` holds, touching only what differs."""
    for name in environ.keys() - wanted.keys():
        del environ[name]
    environ.update({name: text for name, text in wanted.items() if environ.get(name) != text})


def run_guarded(
    step: Callable[[MutableMapping[str, str]], None], what: str, environ: MutableMapping[str, str]
) -> None:
    """Run one step of the hook; whatever it raises is said once, also where child processes fail alike.

    SystemExit is among it: an operator's own `entrypoint.py` may stand before ours on Python's path.
    """
    try:
        step(environ)
    except (Exception, SystemExit) as error:
        told = environ.get(WARNED_VARIABLE, "").split(",")
        if what not in told:
            environ[WARNED_VARIABLE] = ",".join([*filter(None, told), what])
            log.warning("astro-runtime: Airflow starts without the Runtime's %s: %s", what, reason(error))


def reason(error: BaseException) -> str:
    """Return what the warning says of `error`, in one line; StartError's message stands for itself.

    configparser's errors quote airflow.cfg, where passwords stand.
    """
    if isinstance(error, ConfigParserError):
        return f"{type(error).__name__} in airflow.cfg"
    text = " ".join(str(error).split())
    return text if type(error).__name__ == "StartError" else f"{type(error).__name__}: {text}"


def add_examples(environ: MutableMapping[str, str]) -> None:
    """Add the example DAGs where they are asked for."""
    from airflow.configuration import conf

    from astro_runtime_plugin.example_dags.register import register

    register(environ, conf)


def watch_component(_: object) -> None:
    """Let a component be recorded that has no job, of which the plugin's listener would hear."""
    if sys.argv[1:2] and sys.argv[1] in ("api-server", "celery", "kerberos"):
        from astro_runtime_plugin.inventory.start_signals import watch

        watch(sys.argv)


run_guarded(apply_defaults, "defaults", os.environ)
run_guarded(add_examples, "example DAGs", os.environ)
run_guarded(watch_component, "record of this component", os.environ)
