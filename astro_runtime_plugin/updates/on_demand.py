"""The update document for a command: fetched at once, without Airflow and without the metadata database."""

from __future__ import annotations

from collections.abc import Mapping

from astro_runtime_plugin.releases.catalogue import Release
from astro_runtime_plugin.updates import address, document
from astro_runtime_plugin.updates.fetch import FetchError, fetch
from entrypoint import config_file
from entrypoint.option_names import ConfigOption
from entrypoint.overrides import find_override

UPDATE_URL = ConfigOption("astro_runtime", "update_url")


def fetch_releases(environ: Mapping[str, str]) -> tuple[list[Release], str]:
    """Return the releases that `[astro_runtime] update_url` lists, and in one line why there are none.

    Without an `update_url` nothing is asked for, and both are empty. Raises StartError for an airflow.cfg that is not
    to be read.
    """
    found = find_override((UPDATE_URL,), environ, config_file.read_config(config_file.config_path(environ)))
    url = found.text.strip() if found else ""
    if not url:
        return [], ""
    if problem := address.url_problem(url):
        return [], f"[astro_runtime] update_url {problem}"
    try:
        fetched = fetch(url)
        return (document.parse(fetched.text) if fetched else []), ""
    except (FetchError, document.DocumentError) as error:
        return [], f"the update document {address.without_secrets(url)} {error}"
