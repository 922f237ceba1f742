"""Finds the URL of the metadata database or the broker where Airflow finds it, with commands and secrets."""

from __future__ import annotations

from entrypoint.command import BROKER, DATABASE
from entrypoint.config_file import airflow_home
from entrypoint.defaults import BROKER_URL, DATABASE_URL
from entrypoint.errors import StartError
from entrypoint.overrides import Override, find_override
from entrypoint.record import COMMAND, SECRET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from entrypoint.config_file import AirflowCfg

URL_OPTIONS = {DATABASE: DATABASE_URL, BROKER: BROKER_URL}
# Airflow's defaults.
AIRFLOW_URLS = {DATABASE: "sqlite:///{home}/airflow.db", BROKER: "redis://redis:6379/0"}


def connection_url(need: str, environ: Mapping[str, str], cfg: AirflowCfg) -> tuple[str, str | None]:
    """Return where the URL of DATABASE or BROKER is set, and the URL: None if only a secrets backend has it.

    Raises StartError if the command that prints the URL fails.
    """
    override = find_override(URL_OPTIONS[need], environ, cfg, sensitive=True)
    if override is None:
        return str(URL_OPTIONS[need][0]), AIRFLOW_URLS[need].format(home=airflow_home(environ))
    if override.origin == SECRET:
        return override.location, None
    return override.location, _run_url_command(override) if override.origin == COMMAND else override.text


def _run_url_command(override: Override) -> str:
    """Run the command that prints the URL, as Airflow's `run_command` does."""
    import shlex
    import subprocess

    try:
        process = subprocess.run(shlex.split(override.text), capture_output=True, check=True)
    except subprocess.CalledProcessError as error:
        raise StartError(
            f"the command in {override.location} failed with exit code {error.returncode}; it must print the URL"
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not a command line"
        raise StartError(f"the command in {override.location} cannot be run: {reason}") from None
    return process.stdout.decode(errors="ignore")
