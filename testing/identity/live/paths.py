"""Where each line has what the tests ask for, below the base URL."""

from __future__ import annotations

from dataclasses import dataclass

from testing.installed_line import LINE


@dataclass(frozen=True)
class SitePaths:
    """The paths of a line: `dags` lists DAGs, `dag` is the page of one, `script` what this page's scripts ask for."""

    base_setting: str
    health: str
    home: str
    dags: str
    dag: str
    script: str
    api: str
    callback: str
    ended: str
    logout: str
    back_channel: str
    exchange: str
    admin_token: str


BY_LINE = {
    "2.11": SitePaths(
        base_setting="AIRFLOW__WEBSERVER__BASE_URL",
        health="/health",
        home="/home",
        dags="/home",
        dag="/dags/{dag}/grid",
        script="/object/grid_data?dag_id={dag}",
        api="/api/v1",
        callback="/oauth-authorized/astro-runtime",
        ended="/identity/ended",
        logout="/logout/",
        back_channel="/identity/backchannel-logout",
        exchange="/identity/token",
        admin_token="/identity/admin-token",
    ),
    "3.3": SitePaths(
        base_setting="AIRFLOW__API__BASE_URL",
        health="/api/v2/version",
        home="/",
        dags="/dags",
        dag="/dags/{dag}",
        script="/ui/grid/structure/{dag}",
        api="/api/v2",
        callback="/auth/oidc-callback",
        ended="/auth/ended",
        logout="/auth/logout",
        back_channel="/auth/backchannel-logout",
        exchange="/auth/token",
        admin_token="/auth/admin-token",
    ),
}
PATHS = BY_LINE[LINE]
