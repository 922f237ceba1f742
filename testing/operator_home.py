"""An AIRFLOW_HOME of the operator's own, as `make run` may find one."""

from __future__ import annotations

import stat
from pathlib import Path

from dev.run import config
from entrypoint.config_file import AirflowCfg

FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
SIMPLE = "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager"


def environment(home: Path, **more: str) -> dict[str, str]:
    return {"AIRFLOW_HOME": str(home), **more}


def cfg(home: Path, text: str | None = None) -> AirflowCfg:
    """Write the operator's own airflow.cfg, if any, and read what then holds."""
    if text is not None:
        (home / "airflow.cfg").write_text(text)
    return config.load_cfg(environment(home))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
