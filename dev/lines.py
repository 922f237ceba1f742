"""What differs between the lines in `make run`: a row a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from entrypoint.airflow_line import installed_airflow, line_of
from entrypoint.option_names import ConfigOption

EXECUTOR = ConfigOption("core", "executor")


@dataclass(frozen=True)
class Line:
    """How a line's Airflow is run on one machine.

    `components` are airflow commands, the last of them the one that the browser talks to; `heartbeats` are the
    words of its endpoint `health` for the components that have one. `settings` and `secrets` stand in the
    airflow.cfg that is written; a secret has the names under which the operator may have set it. `urls` are the
    settings that say where Airflow is found, the base URL first.
    """

    components: Mapping[str, tuple[str, ...]]
    health: str
    heartbeats: Mapping[str, str]
    settings: Mapping[ConfigOption, str]
    secrets: tuple[tuple[ConfigOption, ...], ...]
    urls: Mapping[ConfigOption, str]
    auth_manager: str


LINES = {
    "3.3": Line(
        components={
            # One machine, one file system: the logs need no server, which would listen on every network.
            "scheduler": ("scheduler", "--skip-serve-logs"),
            "dag-processor": ("dag-processor",),
            "triggerer": ("triggerer", "--skip-serve-logs"),
            "api-server": ("api-server", "--host", "127.0.0.1", "--port", "{port}"),
        },
        health="api/v2/monitor/health",
        heartbeats={"scheduler": "scheduler", "dag_processor": "dag-processor", "triggerer": "triggerer"},
        settings={EXECUTOR: "LocalExecutor"},
        secrets=(
            (ConfigOption("api", "secret_key"), ConfigOption("webserver", "secret_key")),
            (ConfigOption("api_auth", "jwt_secret"),),
        ),
        urls={
            ConfigOption("api", "base_url"): "http://localhost:{port}{path}/",
            ConfigOption("core", "execution_api_server_url"): "http://127.0.0.1:{port}{path}/execution/",
        },
        auth_manager="SimpleAuthManager",
    ),
    "2.11": Line(
        components={
            "scheduler": ("scheduler", "--skip-serve-logs"),  # reads the DAG files, too
            "triggerer": ("triggerer", "--skip-serve-logs"),
            "webserver": ("webserver", "--hostname", "127.0.0.1", "--port", "{port}"),
        },
        health="health",
        heartbeats={"scheduler": "scheduler", "triggerer": "triggerer"},
        settings={
            EXECUTOR: "SequentialExecutor",  # the only one that it takes on SQLite
            ConfigOption("webserver", "workers"): "2",
        },
        secrets=((ConfigOption("webserver", "secret_key"),),),
        urls={
            ConfigOption("webserver", "base_url"): "http://localhost:{port}{path}"
        },  # it refuses a slash at the end
        auth_manager="FabAuthManager",
    ),
}
HERE = LINES[line_of(installed_airflow())]
