"""How each Airflow line runs on one machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from entrypoint.airflow_line import installed_airflow, line_of
from entrypoint.option_names import ConfigOption


@dataclass(frozen=True)
class LineProfile:
    """How `make run` starts Airflow on one line.

    `components` are airflow commands: all but the last send heartbeats, the last is what the browser talks to.
    `settings` and `secrets` go into a new airflow.cfg; a secret has every name under which the user may have set it.
    `urls` are the settings that hold Airflow's address, the base URL first.
    """

    components: Mapping[str, tuple[str, ...]]
    health: str  # the path of the endpoint
    settings: Mapping[ConfigOption, str]
    secrets: tuple[tuple[ConfigOption, ...], ...]
    urls: Mapping[ConfigOption, str]
    auth_manager: str


PROFILES = {
    "3.3": LineProfile(
        components={
            # The components share a file system: nothing needs the log servers, which listen on every network.
            "scheduler": ("scheduler", "--skip-serve-logs"),
            "dag-processor": ("dag-processor",),
            "triggerer": ("triggerer", "--skip-serve-logs"),
            "api-server": ("api-server", "--host", "127.0.0.1", "--port", "{port}"),
        },
        health="api/v2/monitor/health",
        settings={ConfigOption("core", "executor"): "LocalExecutor"},
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
    "2.11": LineProfile(
        components={
            "scheduler": ("scheduler", "--skip-serve-logs"),  # also parses the DAG files
            "triggerer": ("triggerer", "--skip-serve-logs"),
            "webserver": ("webserver", "--hostname", "127.0.0.1", "--port", "{port}"),
        },
        health="health",
        settings={
            ConfigOption(
                "core", "executor"
            ): "SequentialExecutor",  # the only one that Airflow 2 accepts on SQLite
            ConfigOption("webserver", "workers"): "2",
        },
        secrets=((ConfigOption("webserver", "secret_key"),),),
        # Airflow 2 refuses a base URL that ends with a slash.
        urls={ConfigOption("webserver", "base_url"): "http://localhost:{port}{path}"},
        auth_manager="FabAuthManager",
    ),
}
PROFILE = PROFILES[line_of(installed_airflow())]
