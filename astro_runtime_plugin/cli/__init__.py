"""The `astro-runtime` command. Each subcommand is a module here, imported only when it runs."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from entrypoint.errors import StartError

COMMANDS = (
    "admin-token",
    "check",
    "defaults",
    "drain",
    "fixes",
    "identity",
    "lifecycle",
    "logs",
    "version",
    "versions",
    "workers",
)


class Commands(click.Group):
    """Imports each subcommand from the module of its name, and turns its error into a message and an exit code."""

    def list_commands(self, _: click.Context) -> list[str]:
        """Return the names in the order of the help."""
        return list(COMMANDS)

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        """Import a subcommand; None if there is no such subcommand."""
        if name not in COMMANDS:
            return None
        module = name.replace("-", "_")
        command: click.Command = getattr(import_module(f"{__name__}.{module}"), module)
        return command

    def invoke(self, context: click.Context) -> Any:
        """Run the subcommand; docs/reference/exit-codes.md and entrypoint/errors.py list the exit codes."""
        try:
            return super().invoke(context)
        except StartError as error:
            click.echo(f"astro-runtime: {error}", err=True)
            raise click.exceptions.Exit(error.code) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Show the running release, until when it is maintained, and the settings that it provides."""
