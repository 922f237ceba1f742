"""The update document for a command: fetched immediately, without Airflow or the metadata database."""

from __future__ import annotations

from collections.abc import Mapping

from astro_runtime_plugin.options.urls import UPDATE_DOCUMENT, url_problem, without_secrets
from astro_runtime_plugin.releases.release import Release
from astro_runtime_plugin.updates import document
from astro_runtime_plugin.updates.download_error import DownloadError
from astro_runtime_plugin.updates.fetch import fetch_document
from entrypoint import config_file
from entrypoint.option_names import ConfigOption
from entrypoint.overrides import find_override

UPDATE_URL = ConfigOption("astro_runtime", "update_url")


def fetch_releases(environ: Mapping[str, str]) -> tuple[list[Release], str]:
    """Return the releases that `[astro_runtime] update_url` lists, and a single line that says why there are none.

    Without an `update_url` there is no request, and both are empty. Raises StartError for an unreadable airflow.cfg.
    """
    config = config_file.read_config(config_file.config_path(environ))
    override = find_override((UPDATE_URL,), environ, config)
    url = override.text.strip() if override else ""
    if not url:
        return [], ""
    if problem := url_problem(url, UPDATE_DOCUMENT):
        return [], f"[astro_runtime] update_url {problem}"
    try:
        fetched = fetch_document(url)
        return (document.parse(fetched.text) if fetched else []), ""
    except (DownloadError, document.DocumentError) as error:
        return [], f"the update document {without_secrets(url)} {error}"
