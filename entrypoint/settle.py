"""From an environment to the one in which the component runs; shared by the start and the startup hook."""

from __future__ import annotations

from entrypoint import airflow_cfg, origin
from entrypoint.line import installed_airflow, line_of
from entrypoint.resolve import resolve, settings_for
from entrypoint.user import writable_cfg_path, user_environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from entrypoint.airflow_cfg import AirflowCfg
    from entrypoint.origin import ResolvedSetting


class PreparedEnvironment:
    """What was worked out: the line, airflow.cfg, the settings, and the environment for the component."""

    __slots__ = ("cfg", "environ", "line", "settings")

    def __init__(self, line: str, cfg: AirflowCfg, settings: list[ResolvedSetting], environ: dict[str, str]) -> None:
        self.line = line
        self.cfg = cfg
        self.settings = settings
        self.environ = environ


def build_environment(environ: Mapping[str, str], subcommand: Sequence[str] = ()) -> PreparedEnvironment:
    """Resolve the settings for `environ`, as the operator left it; raises StartError where a value cannot work.

    `subcommand` is what runs of airflow: `("celery", "worker")`.
    """
    line = line_of(installed_airflow())
    operators = origin.strip_exports(environ)
    users = user_environment(operators)
    users |= writable_cfg_path({**operators, **users}, airflow_cfg.config_path(operators))
    cfg = airflow_cfg.read_config(airflow_cfg.config_path({**operators, **users}))
    settings = resolve(operators, cfg, line, settings_for(subcommand, operators, cfg))
    ours = {setting.variable: setting.value for setting in settings if setting.exported}
    exported = {**operators, **users, **ours, origin.RECORD_VARIABLE: origin.encode(settings)}
    return PreparedEnvironment(line, cfg, settings, exported)
