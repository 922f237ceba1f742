"""Selects the Runtime's auth manager for `[astro_runtime] oidc_issuer` or a proxy, unless the operator has one."""

from __future__ import annotations

from entrypoint.option_names import ConfigOption
from entrypoint.overrides import find_override, is_blank
from entrypoint.record import RUNTIME, ResolvedSetting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from entrypoint.config_file import AirflowCfg
    from entrypoint.overrides import Override

# The settings of `[astro_runtime]` that the start looks at; the others are read by astro_runtime_plugin/identity.
ISSUER, CLIENT_ID, CLIENT_SECRET, ROLE_RULES = (
    "oidc_issuer",
    "oidc_client_id",
    "oidc_client_secret",
    "oidc_roles",
)
PROXY_HEADER, PROXY_KEYS = "proxy_jwt_header", "proxy_jwks_url"
SWITCHES = tuple(ConfigOption("astro_runtime", name) for name in (ISSUER, PROXY_HEADER))
AUTH_MANAGER = ConfigOption("core", "auth_manager")
# What `[core] auth_manager` names on each line, and Airflow's own, which an operator may spell out.
RUNTIME_MANAGER = {
    "3.3": "astro_runtime_plugin.identity.airflow3.auth_manager.RuntimeAuthManager",
    "2.11": "astro_runtime_plugin.identity.airflow2.auth_manager.RuntimeAuthManager",
}
AIRFLOW_MANAGERS = {
    "3.3": ("airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager",),
    "2.11": (
        "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
        "airflow.auth.managers.fab.fab_auth_manager.FabAuthManager",
    ),
}
WHY = "because of [astro_runtime] {}"
LEFT_ALONE = "so the identity provider of [astro_runtime] has no effect"


def identity_settings(environ: Mapping[str, str], cfg: AirflowCfg, line: str) -> list[ResolvedSetting]:
    """Return what the Runtime sets for the identity provider, or why it sets nothing; an empty list without one."""
    switch = find_override(SWITCHES, environ, cfg, skip_blank=True)
    if switch is None:
        return []
    operator = _operators_own(environ, cfg, line)
    if operator:
        return [_left_alone(operator)]
    variable, why = AUTH_MANAGER.variable, WHY.format(switch.name.variable.rpartition("__")[2].lower())
    return [ResolvedSetting(variable, variable, RUNTIME_MANAGER[line], RUNTIME, why, True)]


def _left_alone(operator: Override) -> ResolvedSetting:
    variable, text = operator.name.variable, operator.text.strip()
    return ResolvedSetting(variable, variable, text, operator.origin, LEFT_ALONE, False, operator.location)


def _operators_own(environ: Mapping[str, str], cfg: AirflowCfg, line: str) -> Override | None:
    """Return the operator's setting that names another auth manager than Airflow's default, if there is one."""
    manager = find_override((AUTH_MANAGER,), environ, cfg)
    if manager is None or is_blank(manager.text):
        return None
    default = (*AIRFLOW_MANAGERS[line], RUNTIME_MANAGER[line])
    return None if manager.text.strip() in default else manager
