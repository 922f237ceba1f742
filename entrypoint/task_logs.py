"""Selects the Runtime's logging configuration for `[astro_runtime] task_logs`, unless the operator has one."""

from __future__ import annotations

from entrypoint.config_values import airflow_boolean
from entrypoint.option_names import ConfigOption
from entrypoint.overrides import find_override, is_blank
from entrypoint.record import RUNTIME, ResolvedSetting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from entrypoint.config_file import AirflowCfg
    from entrypoint.overrides import Override

TASK_LOGS = ConfigOption("astro_runtime", "task_logs")
CONFIG_CLASS = ConfigOption("logging", "logging_config_class")
REMOTE_LOGGING = ConfigOption("logging", "remote_logging")
# The sections in which each line looks for both. Source: `AirflowConfigParser.deprecated_options`, Airflow 2.11.2.
OPERATORS_OWN = {
    "3.3": ((REMOTE_LOGGING,), (CONFIG_CLASS,)),
    "2.11": (
        (REMOTE_LOGGING, ConfigOption("core", "remote_logging")),
        (CONFIG_CLASS, ConfigOption("core", "logging_config_class")),
    ),
}
# What `[logging] logging_config_class` names on each line, and Airflow's own, which an operator may spell out.
RUNTIME_CONFIG = {
    "3.3": "astro_runtime_plugin.task_logs.airflow3.logging_config.LOGGING_CONFIG",
    "2.11": "astro_runtime_plugin.task_logs.airflow2.logging_config.LOGGING_CONFIG",
}
AIRFLOW_CONFIG = "airflow.config_templates.airflow_local_settings.DEFAULT_LOGGING_CONFIG"
WHY = "because of [astro_runtime] task_logs"
LEFT_ALONE = "so [astro_runtime] task_logs has no effect"


def task_log_settings(environ: Mapping[str, str], cfg: AirflowCfg, line: str) -> list[ResolvedSetting]:
    """Return what the Runtime sets for task logs, or why it sets nothing; an empty list without `task_logs`."""
    if find_override((TASK_LOGS,), environ, cfg, skip_blank=True) is None:
        return []
    operator = _operators_own(environ, cfg, line)
    if operator:
        return [_left_alone(operator)]
    variable = CONFIG_CLASS.variable
    return [ResolvedSetting(variable, variable, RUNTIME_CONFIG[line], RUNTIME, WHY, True)]


def _left_alone(operator: Override) -> ResolvedSetting:
    variable, text = operator.name.variable, operator.text.strip()
    return ResolvedSetting(variable, variable, text, operator.origin, LEFT_ALONE, False, operator.location)


def _operators_own(environ: Mapping[str, str], cfg: AirflowCfg, line: str) -> Override | None:
    """Return the operator's setting that already decides where logs go, if there is one."""
    switch, config_class = (find_override(names, environ, cfg) for names in OPERATORS_OWN[line])
    if switch and airflow_boolean(switch.text) is True:
        return switch
    if config_class is None or is_blank(config_class.text) or config_class.text.strip() == AIRFLOW_CONFIG:
        return None
    return config_class
