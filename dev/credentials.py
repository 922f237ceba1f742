"""The airflow.cfg and the secrets, made at the first start: none of them is fixed, all are private."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Callable, Mapping
from itertools import groupby
from pathlib import Path

from dev.home import read_json, write_private
from dev.lines import HERE
from entrypoint import config_file
from entrypoint.config_file import AirflowCfg
from entrypoint.errors import StartError
from entrypoint.option_names import ConfigOption
from entrypoint.overrides import find_override

KEPT = ".make-run-secrets.json"
HEAD = "# Written by `make run` at its first start. It is yours to edit: it is never written again.\n"
SETTINGS = {
    ConfigOption("core", "load_examples"): "False",
    **HERE.settings,
    ConfigOption("astro_runtime", "load_examples"): "True",
}


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def _secret() -> str:
    return secrets.token_urlsafe(64)  # SHA-512 asks for as many bytes


# Without these Airflow does not start, or its components do not believe each other.
SECRETS: dict[tuple[ConfigOption, ...], Callable[[], str]] = {
    (ConfigOption("core", "fernet_key"),): _fernet_key,
    **dict.fromkeys(HERE.secrets, _secret),
}


def read_or_write_cfg(environ: Mapping[str, str]) -> AirflowCfg:
    """Return the operator's airflow.cfg; where there is none, write a minimal one with secrets of its own.

    Without a file Airflow would generate one in which every setting stands.
    """
    path = Path(config_file.config_path(environ))
    if not path.exists():
        made = {names[0]: make() for names, make in SECRETS.items()}
        try:
            write_private(path, HEAD + _sections({**SETTINGS, **made}))
        except OSError as error:
            raise StartError(
                f"{path} cannot be written ({error.strerror}); AIRFLOW_CONFIG must name a file in a folder there"
            ) from error
    return config_file.read_config(str(path))


def _sections(settings: Mapping[ConfigOption, str]) -> str:
    """Return the settings in the form of an airflow.cfg."""
    names = sorted(settings, key=lambda name: name.section)
    return "".join(
        f"\n[{section}]\n" + "".join(f"{name.option} = {settings[name]}\n" for name in of_section)
        for section, of_section in groupby(names, lambda name: name.section)
    )


def supplied(home: Path, environ: Mapping[str, str], cfg: AirflowCfg) -> dict[str, str]:
    """Return a variable for each secret that the operator's airflow.cfg and environment lack, kept in `home`."""
    lacking = {names: make for names, make in SECRETS.items() if _lacks(names, environ, cfg)}
    if not lacking:
        return {}
    kept = read_json(home / KEPT)
    made = {names[0].variable: make() for names, make in lacking.items()}
    if not made.keys() <= kept.keys():
        write_private(home / KEPT, json.dumps({**made, **kept}))
    return {variable: kept.get(variable, text) for variable, text in made.items()}


def _lacks(names: tuple[ConfigOption, ...], environ: Mapping[str, str], cfg: AirflowCfg) -> bool:
    found = find_override(names, environ, cfg, sensitive=True)
    return found is None or not found.text.strip()


def told(name: ConfigOption, environ: Mapping[str, str], cfg: AirflowCfg) -> str:
    """Return what the operator has set `name` to; empty where they have not."""
    found = find_override((name,), environ, cfg)
    return found.text.strip() if found else ""
