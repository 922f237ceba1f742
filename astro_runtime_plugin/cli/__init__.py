"""The `astro-runtime` command: a module here for each of its commands, imported when that one is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from entrypoint.errors import StartError

COMMANDS = ("check", "defaults", "lifecycle", "version", "versions", "workers")


class Commands(click.Group):
    """Finds a command in the module of its name, and turns its error into one message and an exit code."""

    def list_commands(self, _: click.Context) -> list[str]:
        """Return the names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        """Import the command; None for what is none."""
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"{__name__}.{name}"), name)
        return command

    def invoke(self, context: click.Context) -> Any:
        """Run the command; exit codes: README.md, docs/reference/releases.md."""
        try:
            return super().invoke(context)
        except StartError as error:
            click.echo(f"astro-runtime: {error}", err=True)
            raise click.exceptions.Exit(error.code) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Say what the Runtime does here: which release it is, until when it is maintained, and what it sets."""
