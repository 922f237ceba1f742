"""`astro-runtime identity`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from entrypoint.errors import REFUSED, UNKNOWN, USAGE, StartError

if TYPE_CHECKING:
    from astro_runtime_plugin.identity.checks.token_report import TokenReport
    from astro_runtime_plugin.identity.settings import IdentitySettings

CHECK = "check"
MAX_STDIN = 65536  # bytes; a token that the API takes is shorter
COLUMNS = ("check", "state", "finding")
BEARER = "bearer "


@click.command()
@click.argument("action", type=click.Choice([CHECK]))
@click.option("--json", "as_json", is_flag=True, help="a JSON object")
@click.option("--mask", is_flag=True, help="leave the values of the claims out")
def identity(action: str, as_json: bool, mask: bool) -> None:
    """Check the identity provider and the rules; with a token on stdin, say what that token gives."""
    from astro_runtime_plugin.cli.stdin_text import StdinText

    settings, conf, line = _load_settings()
    stdin = StdinText(0, "a token", lambda text: click.echo(f"astro-runtime: {text}", err=True))
    token = stdin.read(MAX_STDIN)
    if token:
        _report_token(token, settings, as_json, mask)
    else:
        _report_checks(settings, conf, line, as_json)


def _load_settings() -> tuple[IdentitySettings, Any, str]:
    """Import Airflow, without what it logs and warns of meanwhile, and return the settings. Raises StartError."""
    import io
    import logging
    from contextlib import redirect_stderr, redirect_stdout

    logging.disable(logging.WARNING)
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        from astro_runtime_plugin.identity.checks.command_settings import load

        settings, conf, line = load()
    logging.captureWarnings(True)
    if settings is None:
        raise StartError(
            "no identity provider is set ([astro_runtime] oidc_issuer): Airflow's own users log in", UNKNOWN
        )
    return settings, conf, line


def _report_checks(settings: IdentitySettings, conf: Any, line: str, as_json: bool) -> None:
    from astro_runtime_plugin.cli.output import print_json
    from astro_runtime_plugin.cli.table import print_table
    from astro_runtime_plugin.identity.checks.finding import exit_code
    from astro_runtime_plugin.identity.checks.report import all_findings

    findings = all_findings(settings, conf, line)
    if as_json:
        print_json([dict(zip(COLUMNS, finding, strict=True)) for finding in findings])
    else:
        print_table(COLUMNS, findings)
    raise click.exceptions.Exit(exit_code(findings))


def _report_token(token: str, settings: IdentitySettings, as_json: bool, mask: bool) -> None:
    from astro_runtime_plugin.cli.output import print_json
    from astro_runtime_plugin.identity.checks.rules_check import load_rules
    from astro_runtime_plugin.identity.checks.token_keys import fetch_keys
    from astro_runtime_plugin.identity.checks.token_report import report_token
    from astro_runtime_plugin.identity.tokens.errors import TokenError

    rules = load_rules(settings)
    bare = token[len(BEARER) :].strip() if token.lower().startswith(BEARER) else token
    try:
        report = report_token(bare, settings, rules, fetch_keys(settings))
    except TokenError as error:
        raise StartError(f"stdin holds no token that can be read: {error}", USAGE) from error
    report = report.masked() if mask else report
    if as_json:
        print_json(report.as_json())
    else:
        _print_report(report)
    raise click.exceptions.Exit(0 if report.lets_in else REFUSED)


def _print_report(report: TokenReport) -> None:
    import json

    from astro_runtime_plugin.cli.table import print_table

    grant = report.grant
    facts = [
        ("verified", "no: " + report.problem if report.problem else "yes"),
        ("user", report.user or "none: no claim names one"),
        ("role", grant.role or ("none, but single DAGs" if grant.dags else "none: no rule matches")),
        *(("matched", text) for text in grant.matched),
        *(("may", text) for text in report.permissions),
    ]
    print_table(("", ""), facts)
    click.echo()
    claims = ((name, json.dumps(value, ensure_ascii=False)) for name, value in report.claims.items())
    print_table(("claim", "value"), claims)
