"""`astro-runtime admin-token`."""

from __future__ import annotations

import click

MAX_MINUTES = 1440  # a day
MAX_NAME = 100  # characters


@click.command("admin-token")
@click.option(
    "--minutes", type=click.IntRange(1, MAX_MINUTES), default=15, help="how long a login with it is possible"
)
@click.option("--user", default="admin", help="the name that the audit log gives who logs in")
def admin_token(minutes: int, user: str) -> None:
    """Print a token that logs one browser in as Admin, for when nobody can log in at the identity provider."""
    import io
    import logging
    import sys
    from contextlib import redirect_stderr, redirect_stdout

    if not user.strip() or not user.isprintable() or len(user) > MAX_NAME:
        raise click.BadParameter(f"must be a name of at most {MAX_NAME} characters", param_hint="--user")
    logging.disable(logging.WARNING)  # Airflow logs warnings while it is imported
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        from astro_runtime_plugin.identity.sessions.admin_tokens import create_admin_token
    logging.disable(logging.NOTSET)
    with redirect_stdout(sys.stderr):  # Airflow 2 logs to stdout, and that is for the token alone
        token = create_admin_token(user.strip(), minutes)
    click.echo(token)
    click.echo(
        f"astro-runtime: this token makes one login an Admin, within {minutes} minutes; it is shown only here",
        err=True,
    )
