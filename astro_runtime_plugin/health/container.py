"""Which component a container runs, from the command line that it was started with, or from its processes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from itertools import pairwise

import psutil  # type: ignore[import-untyped]

from astro_runtime_plugin import component
from astro_runtime_plugin.health.process_title import process_subcommand
from astro_runtime_plugin.health.shell_script import SCRIPT_OPTION, expand, script_subcommands
from entrypoint.command import parse
from entrypoint.errors import StartError

ENTRYPOINT = "entrypoint"
SHELLS = ("bash", "sh", "dash")
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
    if is_shell(words):
        return certain_subcommand(script_subcommands(shell_script(words)), environ)
    try:
        return parse(words, environ).subcommand
    except StartError:
        return ()


def is_shell(words: Words) -> bool:
    """Return whether the words run a shell."""
    return bool(words) and os.path.basename(words[0]) in SHELLS


def shell_script(words: Words) -> str:
    """Return the script of `bash -c SCRIPT`; empty if there is none."""
    return next((script for option, script in pairwise(words) if SCRIPT_OPTION.fullmatch(option)), "")


def certain_subcommand(subcommands: Sequence[Subcommand], environ: Mapping[str, str]) -> Subcommand:
    """Return the subcommand of a script that is its only component, or the last one if it has no component.

    Returns nothing if variables or several components leave it open which one runs.
    """
    components = {component_of(subcommand): subcommand for subcommand in subcommands}
    names = components.keys() - {None}
    if len(names) > 1 or any("$" in word for subcommand in subcommands for word in subcommand[:2]):
        return ()
    certain = components[names.pop()] if names else subcommands[-1] if subcommands else ()
    return expand(certain, environ)


def running_subcommand(words: Words, environ: Mapping[str, str], processes: Sequence[Words]) -> Subcommand:
    """Return the subcommand that a process runs; without one, what the script would run by its variables.

    The script's words are better than the process's, whose title may lack the options. Of several the last one counts.
    """
    running = [subcommand for subcommand in map(process_subcommand, processes) if subcommand]
    components = [subcommand for subcommand in running if component_of(subcommand)]
    names = {component_of(subcommand) for subcommand in components}
    script = shell_script(words) if is_shell(words) else ""
    planned = [expand(subcommand, environ) for subcommand in script_subcommands(script)]
    matching = [
        subcommand
        for subcommand in planned
        if component_of(subcommand) and (component_of(subcommand) in names or not running)
    ]
    return next(iter((*reversed(matching), *components, *running)), ())


def component_of(subcommand: Words) -> str | None:
    """Return the component that an airflow subcommand runs, or None."""
    return component.from_subcommand(subcommand, COMPONENTS)
