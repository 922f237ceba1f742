"""Setting by setting, the operator's override or the Runtime's default. Pure: nothing is read or changed."""

from __future__ import annotations

from entrypoint import formula
from entrypoint.defaults import EXECUTOR, TABLE, WORKER_CONCURRENCY, WORKER_QUEUES
from entrypoint.errors import bad_value
from entrypoint.origin import AIRFLOW, RUNTIME, Resolved
from entrypoint.overrides import Override, checked, find, find_setting, number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from entrypoint.airflow_cfg import AirflowCfg
    from entrypoint.defaults import Setting
    from entrypoint.names import Name

STOCK_EXECUTOR = "LocalExecutor"
STOCK_CONCURRENCY = 16  # tasks a worker: [celery] worker_concurrency in Airflow


def resolve(
    environ: Mapping[str, str], cfg: AirflowCfg, line: str, table: tuple[Setting, ...] = TABLE
) -> list[Resolved]:
    """Resolve every setting of `table` for one Airflow line, from the operator's environment and airflow.cfg.

    Raises StartError for the first value that cannot work.
    """
    return [_resolved(setting, environ, cfg, line) for setting in table]


def _resolved(setting: Setting, environ: Mapping[str, str], cfg: AirflowCfg, line: str) -> Resolved:
    spelling = setting.spellings[line]
    variable = spelling.names[0].variable
    found = find_setting(setting, spelling.names, environ, cfg)
    if found:
        hidden = _hidden(found, spelling.names, environ, cfg)
        return Resolved(
            setting.documented, variable, number(setting, found), found.origin, "", hidden, found.where
        )
    carried = _carried(setting, environ, cfg, line)
    if carried:
        found, value = carried
        return Resolved(setting.documented, variable, value, found.origin, "", True, found.where)
    return _default(setting, variable, environ, cfg)


def _hidden(found: Override, names: tuple[Name, ...], environ: Mapping[str, str], cfg: AirflowCfg) -> bool:
    """Whether Airflow would take something else: a new name that it generated itself beside an edited old one."""
    taken = find(names, environ, cfg)
    return taken is not None and taken.where != found.where


def _carried(
    setting: Setting, environ: Mapping[str, str], cfg: AirflowCfg, line: str
) -> tuple[Override, str] | None:
    """Return the override under the names that this line's Airflow does not read: the largest, as 2.11 has it."""
    names = setting.spellings[line].carried
    found = [one for name in names if (one := find_setting(setting, (name,), environ, cfg))]
    values = [(one, number(setting, one)) for one in found]
    return max(values, key=lambda pair: float(pair[1]), default=None)


def _default(setting: Setting, variable: str, environ: Mapping[str, str], cfg: AirflowCfg) -> Resolved:
    if setting.default is not None:
        return Resolved(setting.documented, variable, setting.default, RUNTIME, setting.why, True)
    worked_out = formula.parallelism(
        find((WORKER_QUEUES,), environ, cfg), executor(environ, cfg), concurrency(environ, cfg)
    )
    if worked_out.value is None:
        return Resolved(setting.documented, variable, setting.stock, AIRFLOW, worked_out.why, False)
    return Resolved(setting.documented, variable, str(worked_out.value), RUNTIME, worked_out.why, True)


def executor(environ: Mapping[str, str], cfg: AirflowCfg) -> str:
    """Return `[core] executor` as the operator has set it, else Airflow's own."""
    found = find((EXECUTOR,), environ, cfg)
    if found is None:
        return STOCK_EXECUTOR
    if not found.text.strip():
        raise bad_value(found.where, found.text, "the name of an executor, such as LocalExecutor")
    # Airflow 3 reads the executor that it no longer has as this one (`AirflowConfigParser.deprecated_values`).
    return found.text.strip().replace("SequentialExecutor", STOCK_EXECUTOR)


def concurrency(environ: Mapping[str, str], cfg: AirflowCfg) -> int:
    """Return `[celery] worker_concurrency`, in tasks a worker."""
    found = find((WORKER_CONCURRENCY,), environ, cfg)
    return int(float(checked(found, int, 1, "tasks"))) if found else STOCK_CONCURRENCY
