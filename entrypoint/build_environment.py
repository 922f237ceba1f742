"""From an environment to the one in which the component runs; shared by the start and the startup hook."""

from __future__ import annotations

from entrypoint import config_file, record
from entrypoint.airflow_line import installed_airflow, line_of
from entrypoint.container_user import user_environment, writable_cfg_path
from entrypoint.resolve import resolve, settings_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from entrypoint.config_file import AirflowCfg
    from entrypoint.record import ResolvedSetting


class PreparedEnvironment:
    """What was worked out: the line, airflow.cfg, the settings, and the environment for the component."""

    __slots__ = ("cfg", "environ", "line", "settings")

    def __init__(
        self, line: str, cfg: AirflowCfg, settings: list[ResolvedSetting], environ: dict[str, str]
    ) -> None:
        self.line = line
        self.cfg = cfg
        self.settings = settings
        self.environ = environ


def build_environment(environ: Mapping[str, str], subcommand: Sequence[str] = ()) -> PreparedEnvironment:
    """Resolve the settings for `environ`, as the operator left it; raises StartError where a value cannot work.

    `subcommand` is what runs of airflow: `("celery", "worker")`.
    """
    line = line_of(installed_airflow())
    operators = record.strip_exports(environ)
    users = user_environment(operators)
    users |= writable_cfg_path({**operators, **users}, config_file.config_path(operators))
    cfg = config_file.read_config(config_file.config_path({**operators, **users}))
    settings = resolve(operators, cfg, line, settings_for(subcommand, operators, cfg))
    ours = {setting.variable: setting.value for setting in settings if setting.exported}
    exported = {**operators, **users, **ours, record.RECORD_VARIABLE: record.encode(settings)}
    return PreparedEnvironment(line, cfg, settings, exported)
