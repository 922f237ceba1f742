"""Builds the environment that the component runs in; the start and the startup hook share it."""

from __future__ import annotations

from entrypoint import config_file, record
from entrypoint.airflow_line import installed_airflow, line_of
from entrypoint.container_user import user_environment, writable_cfg_path
from entrypoint.identity import identity_settings
from entrypoint.overrides import is_blank
from entrypoint.resolve import configured_queues, resolve, settings_for
from entrypoint.task_logs import task_log_settings

SECTION_PREFIX = "AIRFLOW__ASTRO_RUNTIME__"  # what the variables of [astro_runtime] begin with

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from entrypoint.config_file import AirflowCfg
    from entrypoint.record import ResolvedSetting


class PreparedEnvironment:
    """The line, airflow.cfg, the resolved settings, the environment for the component, and notes for the log."""

    __slots__ = ("cfg", "environ", "line", "notes", "settings")

    def __init__(
        self,
        line: str,
        cfg: AirflowCfg,
        settings: list[ResolvedSetting],
        environ: dict[str, str],
        notes: list[str],
    ) -> None:
        self.line = line
        self.cfg = cfg
        self.settings = settings
        self.environ = environ
        self.notes = notes


def build_environment(environ: Mapping[str, str], subcommand: Sequence[str] = ()) -> PreparedEnvironment:
    """Resolve the settings for `environ`. Raises StartError for a value that cannot work.

    `environ` may contain the exports of an earlier start, which are dropped. `subcommand` is the airflow
    subcommand that will run, such as `("celery", "worker")`.
    """
    line = line_of(installed_airflow())
    operator = _without_empty(record.strip_exports(environ))
    base = {**operator, **user_environment(operator)}
    base |= writable_cfg_path(base, config_file.config_path(operator))
    cfg = config_file.read_config(config_file.config_path(base))
    queues = configured_queues(operator, cfg)  # validated even if the operator has set parallelism
    settings = resolve(operator, cfg, line, queues, settings_for(subcommand, operator, cfg))
    settings += task_log_settings(operator, cfg, line)
    settings += identity_settings(operator, cfg, line)
    exports = {setting.variable: setting.value for setting in settings if setting.exported}
    environment = {**base, **exports, record.RECORD_VARIABLE: record.encode(settings)}
    return PreparedEnvironment(line, cfg, settings, environment, queues.notes if queues else [])


def _without_empty(environ: dict[str, str]) -> dict[str, str]:
    """Leave out the Runtime's settings that are empty: Compose passes on so what nobody has set."""
    return {
        name: text
        for name, text in environ.items()
        if not name.startswith(SECTION_PREFIX) or not is_blank(text)
    }
