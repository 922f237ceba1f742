"""The operator's AIRFLOW_HOME, as `make run` may find it."""

from __future__ import annotations

import stat
from pathlib import Path

from dev.run import config
from entrypoint.config_file import AirflowCfg


def operator_environment(home: Path, **overrides: str) -> dict[str, str]:
    return {"AIRFLOW_HOME": str(home), **overrides}


def load_cfg(home: Path, text: str | None = None) -> AirflowCfg:
    """Write airflow.cfg if `text` is given, and return the configuration that `make run` uses."""
    if text is not None:
        (home / "airflow.cfg").write_text(text)
    return config.load_cfg(operator_environment(home))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
