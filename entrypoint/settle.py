"""From an environment to the one in which the component runs; shared by the start and the startup hook."""

from __future__ import annotations

from entrypoint import airflow_cfg, origin
from entrypoint.line import installed_airflow, line_of
from entrypoint.resolve import resolve, table_for
from entrypoint.user import generated_cfg, identity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from entrypoint.airflow_cfg import AirflowCfg
    from entrypoint.origin import Resolved


class Settled:
    """What was worked out: the line, airflow.cfg, the settings, and the environment for the component."""

    __slots__ = ("cfg", "environ", "line", "settings")

    def __init__(self, line: str, cfg: AirflowCfg, settings: list[Resolved], environ: dict[str, str]) -> None:
        self.line = line
        self.cfg = cfg
        self.settings = settings
        self.environ = environ


def settle(environ: Mapping[str, str], subcommand: Sequence[str] = ()) -> Settled:
    """Resolve the settings for `environ`, as the operator left it; raises StartError where a value cannot work.

    `subcommand` is what runs of airflow: `("celery", "worker")`.
    """
    line = line_of(installed_airflow())
    operators = origin.without_exports(environ)
    users = identity(operators)
    users |= generated_cfg({**operators, **users}, airflow_cfg.locate(operators))
    cfg = airflow_cfg.read(airflow_cfg.locate({**operators, **users}))
    settings = resolve(operators, cfg, line, table_for(subcommand, operators, cfg))
    ours = {setting.variable: setting.value for setting in settings if setting.exported}
    exported = {**operators, **users, **ours, origin.RECORD: origin.write(settings)}
    return Settled(line, cfg, settings, exported)
