"""The configuration of `make run`: airflow.cfg, the secrets and the URLs. Whatever the user has set stays."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Callable, Mapping
from configparser import RawConfigParser
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit

from dev.run.home import read_json, write_private
from dev.run.profiles import PROFILE
from entrypoint import config_file
from entrypoint.config_file import AirflowCfg
from entrypoint.errors import StartError
from entrypoint.option_names import ConfigOption
from entrypoint.overrides import find_override

SECRETS_FILE = ".make-run-secrets.json"
HEADER = "# Written by `make run` at its first start. Edit it as you like: it is never written again.\n\n"
SETTINGS = {
    ConfigOption("core", "load_examples"): "False",
    **PROFILE.settings,
    ConfigOption("astro_runtime", "load_examples"): "True",
}


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def _signing_key() -> str:
    return secrets.token_urlsafe(64)  # SHA-512 asks for 64 bytes


# Without them Airflow does not start, or its components do not trust each other.
SECRETS: dict[tuple[ConfigOption, ...], Callable[[], str]] = {
    (ConfigOption("core", "fernet_key"),): _fernet_key,
    **dict.fromkeys(PROFILE.secrets, _signing_key),
}


def load_cfg(environ: Mapping[str, str]) -> AirflowCfg:
    """Return the user's airflow.cfg; if there is none, write a minimal one with new secrets.

    Without a file, Airflow would generate one that sets every option.
    """
    path = Path(config_file.config_path(environ))
    if not path.exists():
        try:
            write_private(path, HEADER + _new_cfg())
        except OSError as error:
            raise StartError(
                f"{path} cannot be written ({error.strerror}); AIRFLOW_CONFIG must name a file in an existing folder"
            ) from error
    return config_file.read_config(str(path))


def _new_cfg() -> str:
    parser, text = RawConfigParser(), StringIO()
    generated = {names[0]: generate() for names, generate in SECRETS.items()}
    for name, value in {**SETTINGS, **generated}.items():
        parser.read_dict({name.section: {name.option: value}})
    parser.write(text)
    return text.getvalue()


def missing_secrets(home: Path, environ: Mapping[str, str], cfg: AirflowCfg) -> dict[str, str]:
    """Return a variable for each secret that neither `environ` nor `cfg` sets; the values are kept in `home`."""
    missing = {
        names[0].variable: generate
        for names, generate in SECRETS.items()
        if not ((override := find_override(names, environ, cfg, sensitive=True)) and override.text.strip())
    }
    if not missing:
        return {}
    stored = read_json(home / SECRETS_FILE)
    complete = {variable: generate() for variable, generate in missing.items()} | stored
    if complete != stored:
        write_private(home / SECRETS_FILE, json.dumps(complete))
    return {variable: complete[variable] for variable in missing}


def addresses(environ: Mapping[str, str], cfg: AirflowCfg, port: int) -> tuple[str, dict[str, str]]:
    """Return the URL for the browser, which ends with a slash, and the variables that set Airflow's own URLs."""
    path = urlsplit(user_value(next(iter(PROFILE.urls)), environ, cfg)).path.rstrip("/")
    return f"http://localhost:{port}{path}/", {
        name.variable: url.format(port=port, path=path)
        for name, url in PROFILE.urls.items()
        if not user_value(name, environ, cfg)
    }


def user_value(name: ConfigOption, environ: Mapping[str, str], cfg: AirflowCfg) -> str:
    """Return the value that the user has given to a setting, empty if none."""
    override = find_override((name,), environ, cfg)
    return override.text.strip() if override else ""
