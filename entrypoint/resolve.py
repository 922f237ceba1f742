"""Resolves each setting to the operator's override or the Runtime's default.

Does not change anything; all it reads besides its arguments are the host's limits, and those only for a Celery worker.
"""

from __future__ import annotations

from entrypoint import capacity
from entrypoint.command import CELERY_WORKER
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
    rows_of,
)
from entrypoint.errors import bad_value
from entrypoint.overrides import (
    Override,
    find_override,
    find_setting_override,
    is_blank,
    validated_number_text,
)
from entrypoint.record import AIRFLOW, RUNTIME, ResolvedSetting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from entrypoint.config_file import AirflowCfg
    from entrypoint.defaults import SettingDefault
    from entrypoint.option_names import ConfigOption, EnvOnlyName
    from entrypoint.worker_queues import WorkerQueues

# The options of `airflow celery worker` that size its pool.
POOL_OPTIONS = ("-c", "--concurrency", "-a", "--autoscale")


def resolve(
    environ: Mapping[str, str],
    cfg: AirflowCfg,
    line: str,
    queues: WorkerQueues | None,
    table: tuple[SettingDefault, ...] = DEFAULTS,
) -> list[ResolvedSetting]:
    """Resolve every setting of `table` that an Airflow line has, from the operator's environment and airflow.cfg.

    `queues` are those of `configured_queues`. Raises StartError for the first value that cannot work.
    """
    return [
        _SettingResolver(setting, environ, cfg, line, queues).resolve() for setting in rows_of(line, table)
    ]


def settings_for(
    subcommand: Sequence[str], environ: Mapping[str, str], cfg: AirflowCfg
) -> tuple[SettingDefault, ...]:
    """Return the rows of the table that apply to an airflow subcommand.

    A worker keeps a pool that the operator sizes on its command line, or lets Celery scale.
    """
    if tuple(subcommand[:2]) != CELERY_WORKER or _sizes_pool(subcommand[2:]):
        return DEFAULTS
    autoscale = find_override((WORKER_AUTOSCALE,), environ, cfg)
    return DEFAULTS if autoscale and autoscale.text else ALL_DEFAULTS  # Airflow ignores an empty one


def _sizes_pool(words: Sequence[str]) -> bool:
    return any(word.partition("=")[0] in POOL_OPTIONS or word[:2] in POOL_OPTIONS for word in words)


def configured_queues(environ: Mapping[str, str], cfg: AirflowCfg) -> WorkerQueues | None:
    """Return the worker queues, or None if they are not configured. Raises StartError if they cannot be read."""
    override = find_override((WORKER_QUEUES,), environ, cfg, skip_blank=True)
    if override is None:
        return None
    # Not at the top: it imports json, which takes as long as the rest of a start.
    from entrypoint.worker_queues import read_queues

    return read_queues(override)


def configured_concurrency(
    environ: Mapping[str, str], cfg: AirflowCfg, line: str, *, skip_blank: bool = False
) -> int | None:
    """Return `[celery] worker_concurrency`, in tasks per worker; None if not set, 0 if each worker's CPUs decide.

    `skip_blank` is for a component in which Airflow does not read it: with it, an empty value counts as not set.
    """
    override = find_override((WORKER_CONCURRENCY,), environ, cfg)
    if override and skip_blank and is_blank(override.text):
        return None
    parse = NUMBER_PARSERS[line][int]
    return int(parse(validated_number_text(override, parse, "tasks", 0))) if override else None


def executor(environ: Mapping[str, str], cfg: AirflowCfg, line: str) -> str:
    """Return `[core] executor` as the operator has set it, or Airflow's default."""
    override = find_override((EXECUTOR,), environ, cfg)
    if override is None:
        return AIRFLOW_EXECUTOR[line]
    name = override.text.strip()
    if not name:
        raise bad_value(override.location, override.text, "the name of an executor, such as LocalExecutor")
    for old, new in REPLACED_EXECUTORS[line].items():
        name = name.replace(old, new)
    return name


class _SettingResolver:
    """Resolves one setting of the table on one line."""

    def __init__(
        self,
        setting: SettingDefault,
        environ: Mapping[str, str],
        cfg: AirflowCfg,
        line: str,
        queues: WorkerQueues | None,
    ) -> None:
        self.setting = setting
        self.option_names = setting.names_by_line[line]
        self.parse = NUMBER_PARSERS[line][setting.number]
        self.environ = environ
        self.cfg = cfg
        self.line = line
        self.queues = queues

    def resolve(self) -> ResolvedSetting:
        current = self._find(self.option_names.names)
        candidates = [find_override(names, self.environ, self.cfg) for names in self.option_names.max_with]
        overrides = [override for override in candidates if override]
        if overrides:
            return self._resolve_max(current, overrides)
        forwarded = [
            override
            for name in self.option_names.forwarded
            if (override := self._find((name,), skip_blank=True))
        ]
        if current:
            return self._resolve_current(current, forwarded)
        if forwarded:
            value, override = self._largest(forwarded, self.option_names.minimum)
            return self._override(override, value, exported=True)
        return self._default()

    def _find(
        self, names: tuple[ConfigOption | EnvOnlyName, ...], *, skip_blank: bool = False
    ) -> Override | None:
        return find_setting_override(self.setting, names, self.environ, self.cfg, skip_blank=skip_blank)

    def _number(self, override: Override, minimum: float | None) -> str:
        setting = self.setting
        return validated_number_text(override, self.parse, setting.unit, minimum, setting.maximum)

    def _largest(self, overrides: list[Override], minimum: float | None) -> tuple[str, Override]:
        values = [(self._number(override, minimum), override) for override in overrides]
        return max(values, key=lambda pair: self.parse(pair[0]))

    def _result(self, value: str, origin: str, why: str, exported: bool, set_as: str = "") -> ResolvedSetting:
        variable = self.option_names.names[0].variable
        return ResolvedSetting(self.setting.documented, variable, value, origin, why, exported, set_as)

    def _override(self, override: Override, value: str, *, exported: bool, why: str = "") -> ResolvedSetting:
        return self._result(value, override.origin, why, exported, override.location)

    def _resolve_current(self, current: Override, forwarded: list[Override]) -> ResolvedSetting:
        """Resolve a setting that the operator has set under a name that Airflow reads."""
        if is_blank(current.text) and not self._is_read():
            why = f"not read without an executor for {self.setting.executor}"
            return self._override(current, current.text.strip(), exported=False, why=why)
        ignored = ", ".join(override.location for override in forwarded)
        why = f"{ignored} is ignored, because the current name is set" if ignored else ""
        value = self._at_least_unset(self._number(current, self.option_names.minimum))
        generated = self._generated_winner(current)
        if generated:
            hidden = f"because Airflow would use {generated}, which it generated itself"
            why = f"{hidden}; {why}" if why else hidden
        elif self.parse(value) <= 0:
            why = f"{self.setting.zero}; {why}" if why else self.setting.zero
        return self._override(current, value, exported=generated is not None, why=why)

    def _resolve_max(self, current: Override | None, overrides: list[Override]) -> ResolvedSetting:
        """Resolve what Airflow uses: the largest of `overrides` and the first name's value or Airflow's default."""
        value, override = self._largest(
            [*([current] if current else []), *overrides], self.option_names.minimum
        )
        if current or self.parse(value) > self.parse(self.setting.airflow_default):
            return self._override(override, self._at_least_unset(value, overrides), exported=False)
        why = f"Airflow uses the largest value, and {override.location} is not above it"
        return self._result(self.setting.airflow_default, AIRFLOW, why, exported=False)

    def _at_least_unset(self, value: str, overrides: Sequence[Override] = ()) -> str:
        """Return the larger of `value` and 0, which is the value of each name in `max_with` that is not set."""
        is_any_unset = len(overrides) < len(self.option_names.max_with)
        return "0" if is_any_unset and self.parse(value) < 0 else value

    def _is_read(self) -> bool:
        """Whether an executor reads the setting, if only executors of one kind do."""
        kind = self.setting.executor
        return not kind or capacity.uses(kind, executor(self.environ, self.cfg, self.line))

    def _generated_winner(self, current: Override) -> str | None:
        """Return the location of the new name that Airflow generated, if it hides the operator's old one."""
        winner = find_override(self.option_names.names, self.environ, self.cfg)
        return winner.location if winner and winner.location != current.location else None

    def _default(self) -> ResolvedSetting:
        if self.setting.default is not None:
            return self._result(self.setting.default, RUNTIME, self.setting.why, exported=True)
        calculation = self._worker_concurrency() if self.setting in WORKER_DEFAULTS else self._parallelism()
        if calculation.value is None:
            return self._result(self.setting.airflow_default, AIRFLOW, calculation.why, exported=False)
        return self._result(str(calculation.value), RUNTIME, calculation.why, exported=True)

    def _worker_concurrency(self) -> capacity.Calculation:
        """Calculate how many tasks a Celery worker runs at once, from the limits of its container."""
        from entrypoint.host_limits import read_limits

        return capacity.worker_concurrency(read_limits(environ=self.environ))

    def _parallelism(self) -> capacity.Calculation:
        """Calculate the parallelism from the worker queues or the executor."""
        executor_name = executor(self.environ, self.cfg, self.line)
        concurrency = AIRFLOW_WORKER_CONCURRENCY
        if self.queues is not None or capacity.is_local(executor_name):
            skip_blank = not capacity.uses_celery(executor_name)
            configured = configured_concurrency(self.environ, self.cfg, self.line, skip_blank=skip_blank)
            concurrency = configured or concurrency
        return capacity.parallelism(self.queues, executor_name, concurrency)
