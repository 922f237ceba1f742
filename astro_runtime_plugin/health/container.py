"""Which component a container runs, from the command line that it was started with, or from its processes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import psutil  # type: ignore[import-untyped]

from astro_runtime_plugin import component
from astro_runtime_plugin.health.process_title import process_subcommand
from entrypoint.command import parse
from entrypoint.errors import StartError
from entrypoint.shell_variables import expand
from entrypoint.shell_words import airflow_commands

ENTRYPOINT = "entrypoint"
COMPONENTS = (*component.COMPONENTS, "standalone")

Words = Sequence[str]
Subcommand = tuple[str, ...]


def container_subcommand(environ: Mapping[str, str], processes: Sequence[Words] | None = None) -> Subcommand:
    """Return the airflow subcommand that the container runs; empty for another program.

    `processes` are the command lines of the container's processes, the oldest first. The first one, its init, is
    `tini -- /entrypoint WORD ...`, and stays so when the entrypoint has become the component. The processes count
    only if those words do not say which component runs, as with a script that has it in a variable.
    """
    init, *others = command_lines() if processes is None else processes or [()]
    names = [os.path.basename(word) for word in init]
    words = init[names.index(ENTRYPOINT) + 1 :] if ENTRYPOINT in names else ()
    return parse_words(words, environ) or running_subcommand(words, environ, (init, *others))


def command_lines() -> list[list[str]]:
    """Return the command lines of all processes by process id; one that ends meanwhile is left out."""
    processes = psutil.process_iter(["cmdline"])
    return [process.info["cmdline"] or [] for process in processes]


def parse_words(words: Words, environ: Mapping[str, str]) -> Subcommand:
    """Return the airflow subcommand that the operator's words run; empty if they do not say so for certain."""
    try:
        subcommand = parse(words, environ).subcommand
    except StartError:
        return ()
    return subcommand or certain_subcommand(list(airflow_commands(words, None)), environ)


def certain_subcommand(subcommands: Sequence[Subcommand], environ: Mapping[str, str]) -> Subcommand:
    """Return the subcommand of a script that is its only component, or the last one if it has no component.

    `subcommands` still have their variables. Returns nothing if these or several components leave it open which one
    runs.
    """
    components = {component_of(subcommand): subcommand for subcommand in subcommands}
    names = components.keys() - {None}
    if len(names) > 1 or any("$" in word for subcommand in subcommands for word in subcommand[:2]):
        return ()
    subcommand = components[names.pop()] if names else subcommands[-1] if subcommands else ()
    return tuple(expand(subcommand, environ))


def running_subcommand(words: Words, environ: Mapping[str, str], processes: Sequence[Words]) -> Subcommand:
    """Return the subcommand that a process runs; without one, what the script would run by its variables.

    The script's words are better than the process's, whose title may lack the options. Of several the last one counts.
    """
    running = [subcommand for subcommand in map(process_subcommand, processes) if subcommand]
    components = [subcommand for subcommand in running if component_of(subcommand)]
    names = set(map(component_of, components)) if running else COMPONENTS
    planned = [
        subcommand for subcommand in airflow_commands(words, environ) if component_of(subcommand) in names
    ]
    return next(iter((*reversed(planned), *components, *running)), ())


def component_of(subcommand: Words) -> str | None:
    """Return the component that an airflow subcommand runs, or None."""
    return component.from_subcommand(subcommand, COMPONENTS)
