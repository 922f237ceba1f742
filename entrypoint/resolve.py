"""Setting by setting, the operator's override or the Runtime's default. Pure: nothing is read or changed."""

from __future__ import annotations

from entrypoint import capacity
from entrypoint.config_values import NUMBER_PARSERS
from entrypoint.defaults import (
    AIRFLOW_EXECUTOR,
    AIRFLOW_WORKER_CONCURRENCY,
    ALL_DEFAULTS,
    DEFAULTS,
    EXECUTOR,
    REPLACED_EXECUTORS,
    WORKER_AUTOSCALE,
    WORKER_CONCURRENCY,
    WORKER_DEFAULTS,
    WORKER_QUEUES,
)
from entrypoint.errors import bad_value
from entrypoint.overrides import Override, find_override, find_setting_override, validate_number
from entrypoint.record import AIRFLOW, RUNTIME, ResolvedSetting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from entrypoint.config_file import AirflowCfg
    from entrypoint.defaults import SettingDefault
    from entrypoint.option_names import ConfigOption, EnvOnlyName
    from entrypoint.worker_queues import WorkerQueues

WORKER = ("celery", "worker")
# `airflow celery worker`: how many processes its pool has.
POOL_OPTIONS = ("-c", "--concurrency", "-a", "--autoscale")


def resolve(
    environ: Mapping[str, str], cfg: AirflowCfg, line: str, table: tuple[SettingDefault, ...] = DEFAULTS
) -> list[ResolvedSetting]:
    """Resolve every setting of `table` for one Airflow line, from the operator's environment and airflow.cfg.

    Raises StartError for the first value that cannot work.
    """
    told = configured_queues(environ, cfg)  # wrong is wrong, also where the operator has set parallelism
    return [_SettingResolver(setting, environ, cfg, line, told).resolved() for setting in table]


def settings_for(
    subcommand: Sequence[str], environ: Mapping[str, str], cfg: AirflowCfg
) -> tuple[SettingDefault, ...]:
    """Return the rows that count for an airflow subcommand.

    A worker whose pool the operator has told of on its command line, or lets Celery scale, keeps it.
    """
    starts_worker = tuple(subcommand[:2]) == WORKER
    told = any(word.partition("=")[0] in POOL_OPTIONS or word[:2] in POOL_OPTIONS for word in subcommand[2:])
    if not starts_worker or told or find_override((WORKER_AUTOSCALE,), environ, cfg):
        return DEFAULTS
    return ALL_DEFAULTS


def configured_queues(environ: Mapping[str, str], cfg: AirflowCfg) -> WorkerQueues | None:
    """Return what the operator tells of the worker queues; raises StartError where that cannot be read."""
    found = find_override((WORKER_QUEUES,), environ, cfg)
    if found is None:
        return None
    # Not at the top: it needs json, which costs what a whole start may cost.
    from entrypoint.worker_queues import read_queues

    return read_queues(found)


class _SettingResolver:
    """One setting of the table, on one line, in what the operator has set."""

    def __init__(
        self,
        setting: SettingDefault,
        environ: Mapping[str, str],
        cfg: AirflowCfg,
        line: str,
        told: WorkerQueues | None,
    ) -> None:
        self.setting = setting
        self.spelling = setting.names_by_line[line]
        self.read = NUMBER_PARSERS[line][setting.number]
        self.environ = environ
        self.cfg = cfg
        self.line = line
        self.told = told

    def resolved(self) -> ResolvedSetting:
        found = self._find(self.spelling.names)
        joined = [
            one for names in self.spelling.max_with if (one := find_override(names, self.environ, self.cfg))
        ]
        if joined:
            return self._resolve_max(found, joined)
        carried = [one for name in self.spelling.forwarded if (one := self._find((name,)))]
        if found:
            beside = ", ".join(one.location for one in carried)
            why = f"{beside} does not count beside it" if beside else ""
            return self._override(found, self._number(found), exported=self._shadowed(found), why=why)
        if carried:
            values = [(self._number(one), one) for one in carried]
            value, one = max(values, key=lambda pair: self.read(pair[0]))
            return self._override(one, value, exported=True)
        return self._default()

    def _find(self, names: tuple[ConfigOption | EnvOnlyName, ...]) -> Override | None:
        return find_setting_override(self.setting, names, self.environ, self.cfg)

    def _number(self, found: Override, least: float | None = None) -> str:
        return validate_number(
            found, self.read, self.spelling.minimum if least is None else least, self.setting.unit
        )

    def _result(self, value: str, origin: str, why: str, exported: bool, set_as: str = "") -> ResolvedSetting:
        variable = self.spelling.names[0].variable
        return ResolvedSetting(self.setting.documented, variable, value, origin, why, exported, set_as)

    def _override(self, found: Override, value: str, *, exported: bool, why: str = "") -> ResolvedSetting:
        return self._result(value, found.origin, why, exported, found.location)

    def _resolve_max(self, found: Override | None, joined: list[Override]) -> ResolvedSetting:
        """Return what Airflow takes: the largest of the first name's value, or its own default, and the joined."""
        values = [(self._number(one, least=0), one) for one in (found, *joined) if one]
        value, one = max(values, key=lambda pair: self.read(pair[0]))
        if found or self.read(value) > self.read(self.setting.airflow_default):
            return self._override(one, self._number(one), exported=False)
        why = f"Airflow takes the largest, and {one.location} is not above it"
        return self._result(self.setting.airflow_default, AIRFLOW, why, exported=False)

    def _shadowed(self, found: Override) -> bool:
        """Whether Airflow would take something else: a new name that it wrote itself beside an edited old one."""
        taken = find_override(self.spelling.names, self.environ, self.cfg)
        return taken is not None and taken.location != found.location

    def _default(self) -> ResolvedSetting:
        if self.setting.default is not None:
            return self._result(self.setting.default, RUNTIME, self.setting.why, exported=True)
        worked_out = self._worker_concurrency() if self.setting in WORKER_DEFAULTS else self._parallelism()
        if worked_out.value is None:
            return self._result(self.setting.airflow_default, AIRFLOW, worked_out.why, exported=False)
        return self._result(str(worked_out.value), RUNTIME, worked_out.why, exported=True)

    def _worker_concurrency(self) -> capacity.Calculation:
        """Work out what a Celery worker takes at once, of what its container may use."""
        from entrypoint.host_limits import read_limits

        return capacity.worker_concurrency(read_limits())

    def _parallelism(self) -> capacity.Calculation:
        """Work out the parallelism, of the worker queues or the executor."""
        runs = executor(self.environ, self.cfg, self.line)
        takes_part = self.told is not None or capacity.is_local(runs)
        tasks = self._concurrency() if takes_part else AIRFLOW_WORKER_CONCURRENCY
        return capacity.parallelism(self.told, runs, tasks)

    def _concurrency(self) -> int:
        """Return `[celery] worker_concurrency`, in tasks a worker."""
        return configured_concurrency(self.environ, self.cfg, self.line) or AIRFLOW_WORKER_CONCURRENCY


def configured_concurrency(environ: Mapping[str, str], cfg: AirflowCfg, line: str) -> int | None:
    """Return `[celery] worker_concurrency`, in tasks a worker; None where the operator has not set it."""
    found = find_override((WORKER_CONCURRENCY,), environ, cfg)
    read = NUMBER_PARSERS[line][int]
    return int(read(validate_number(found, read, 1, "tasks"))) if found else None


def executor(environ: Mapping[str, str], cfg: AirflowCfg, line: str) -> str:
    """Return `[core] executor` as the operator has set it, else Airflow's own."""
    found = find_override((EXECUTOR,), environ, cfg)
    if found is None:
        return AIRFLOW_EXECUTOR[line]
    if not found.text.strip():
        raise bad_value(found.location, found.text, "the name of an executor, such as LocalExecutor")
    text = found.text.strip()
    for old, new in REPLACED_EXECUTORS[line].items():
        text = text.replace(old, new)
    return text
