"""The table of defaults: one row for each setting to which the Runtime gives a default.

A difference between the lines is a difference between two `OptionNames`, never an `if`.
"""

from __future__ import annotations

from entrypoint.option_names import ConfigOption, EnvOnlyName

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class OptionNames:
    """The names of a setting in one line's Airflow, and the smallest value that it takes, `minimum`; None: any.

    Airflow reads `names`, the newest first; the Runtime exports the first. Airflow uses the largest value of the
    first name and of those in `max_with`, each of which is 0 if it is not set. `forwarded` are names from
    documentation or from another Airflow that this one does not read: the Runtime forwards the largest of their values
    to the first name.
    """

    __slots__ = ("forwarded", "max_with", "minimum", "names")

    def __init__(
        self,
        *names: ConfigOption,
        minimum: float | None = None,
        max_with: tuple[tuple[ConfigOption, ...], ...] = (),
        forwarded: tuple[ConfigOption | EnvOnlyName, ...] = (),
    ) -> None:
        self.names = names
        self.minimum = minimum
        self.max_with = max_with
        self.forwarded = forwarded


class SettingDefault:
    """One row: the documented name, the names on each line that has it, the default, and why it beats Airflow's.

    `default` is the value in `unit`, or None if `capacity.py` calculates it; `formula` describes the calculation.
    `airflow_default` is Airflow's default. `number` is `int` or `float`, as Airflow reads the setting. `maximum` is the
    largest value that it takes, if there is one, and `zero` is what a value of 0 or less does. `executor` is a word in
    the names of the executors that alone read the setting, if not every scheduler does.
    """

    __slots__ = (
        "airflow_default",
        "default",
        "documented",
        "executor",
        "formula",
        "maximum",
        "names_by_line",
        "number",
        "unit",
        "why",
        "zero",
    )

    def __init__(
        self,
        documented: str,
        names_by_line: Mapping[str, OptionNames],
        *,
        default: str | None,
        formula: str = "",
        airflow_default: str,
        number: type,
        unit: str,
        why: str,
        zero: str = "",
        maximum: float | None = None,
        executor: str = "",
    ) -> None:
        self.documented = documented
        self.names_by_line = names_by_line
        self.default = default
        self.formula = formula
        self.airflow_default = airflow_default
        self.number = number
        self.unit = unit
        self.why = why
        self.zero = zero
        self.maximum = maximum
        self.executor = executor


_REFRESH = ConfigOption("dag_processor", "refresh_interval")
_DIR_LIST = ConfigOption("scheduler", "dag_dir_list_interval")
_QUEUED = ConfigOption("scheduler", "task_queued_timeout")
_PARALLELISM = ConfigOption("core", "parallelism")
_BATCH = ConfigOption("kubernetes_executor", "worker_pods_creation_batch_size")
_OLD_BATCH = ConfigOption("kubernetes", "worker_pods_creation_batch_size")
WORKER_CONCURRENCY = ConfigOption("celery", "worker_concurrency")
_PUBLISH_RETRIES = ConfigOption("kubernetes_executor", "task_publish_max_retries")
_OLD_PUBLISH_RETRIES = ConfigOption("kubernetes", "task_publish_max_retries")
_MAX_TIS = ConfigOption("scheduler", "max_tis_per_query")
_ORPHANS = ConfigOption("scheduler", "orphaned_tasks_check_interval")
_CELERY_RETRIES = ConfigOption("celery", "task_publish_max_retries")
_HEARTBEAT_TIMEOUT = ConfigOption("scheduler", "task_instance_heartbeat_timeout")
_PLAIN_PARALLELISM = EnvOnlyName("AIRFLOW_CORE_PARALLELISM")
# Airflow 2.6 merged these into task_queued_timeout; Airflow 3 reads none of them. Source of the maximum:
# `SchedulerJobRunner.__init__`, Airflow 2.11.2.
_STALLED = ConfigOption("celery", "stalled_task_timeout")
_ADOPTION = ConfigOption("celery", "task_adoption_timeout")
_PENDING = (
    ConfigOption("kubernetes_executor", "worker_pods_pending_timeout"),
    ConfigOption("kubernetes", "worker_pods_pending_timeout"),
)
# Seconds: 1900 years. Airflow subtracts it from today's date, also a negative one.
MAX_TIMEOUT = 60_000_000_000

DEFAULTS = (
    SettingDefault(
        "AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL",
        {
            "3.3": OptionNames(_REFRESH, _DIR_LIST),
            "2.11": OptionNames(_DIR_LIST, forwarded=(_REFRESH,)),
        },
        default="30",
        airflow_default="300",
        number=int,
        unit="seconds",
        why="a new DAG file shows within half a minute",
        zero="in every loop",
    ),
    SettingDefault(
        "AIRFLOW__CELERY__STALLED_TASK_TIMEOUT",
        {
            "3.3": OptionNames(_QUEUED, minimum=-MAX_TIMEOUT, forwarded=(_STALLED, _ADOPTION, *_PENDING)),
            "2.11": OptionNames(
                _QUEUED, minimum=-MAX_TIMEOUT, max_with=((_STALLED,), (_ADOPTION,), _PENDING)
            ),
        },
        default="600",
        airflow_default="600",
        number=float,
        unit="seconds",
        why="a task that no worker takes is queued again after ten minutes",
        zero="every task that waits when Airflow looks is stuck, and on Airflow 3 its token lasts seconds",
        maximum=MAX_TIMEOUT,
    ),
    SettingDefault(
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL",
        {"3.3": OptionNames(_ORPHANS), "2.11": OptionNames(_ORPHANS)},
        default="60",
        airflow_default="300",
        number=float,
        unit="seconds",
        why="the tasks of a scheduler that was killed are taken over by another one within a minute and a half",
        zero="the scheduler looks for such tasks without a pause, and schedules nothing",
    ),
    SettingDefault(
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT",
        {"3.3": OptionNames(_HEARTBEAT_TIMEOUT)},  # a task of Airflow 2 does not depend on a server
        default="660",
        airflow_default="300",
        number=int,
        unit="seconds",
        why="a running task outlives ten minutes without the API server; one on a lost machine is noticed after eleven",
        zero="the scheduler gives up every running task as soon as it looks",
    ),
    SettingDefault(
        "AIRFLOW__CORE__PARALLELISM",
        {
            # Airflow 3 ends with an error for 0, and Airflow 2 below it.
            "3.3": OptionNames(_PARALLELISM, minimum=1, forwarded=(_PLAIN_PARALLELISM,)),
            "2.11": OptionNames(_PARALLELISM, minimum=0, forwarded=(_PLAIN_PARALLELISM,)),
        },
        default=None,
        formula=(
            "configured workers × tasks per worker; with LocalExecutor, [celery] worker_concurrency;"
            " otherwise Airflow's own"
        ),
        airflow_default="32",
        number=int,
        unit="tasks",
        why="as many tasks as the running workers can take",
        zero="no limit",
    ),
    SettingDefault(
        "AIRFLOW__KUBERNETES_EXECUTOR__WORKER_PODS_CREATION_BATCH_SIZE",
        {
            "3.3": OptionNames(_BATCH, forwarded=(_OLD_BATCH,)),
            "2.11": OptionNames(_BATCH, _OLD_BATCH),
        },
        default="16",
        airflow_default="1",
        number=int,
        unit="pods",
        why="a burst of tasks gets its pods in one scheduler loop, not in sixteen",
        zero="no pod is created",
        executor="Kubernetes",
    ),
    SettingDefault(
        "AIRFLOW__KUBERNETES_EXECUTOR__TASK_PUBLISH_MAX_RETRIES",
        {
            "3.3": OptionNames(_PUBLISH_RETRIES, forwarded=(_OLD_PUBLISH_RETRIES,)),
            "2.11": OptionNames(_PUBLISH_RETRIES, _OLD_PUBLISH_RETRIES),
        },
        default="60",
        airflow_default="0",
        number=int,
        unit="retries",
        why="a task does not fail because the Kubernetes API server is busy or away when its pod is created",
        zero="the task fails at the first error; -1: no limit",
        executor="Kubernetes",
    ),
    SettingDefault(
        "AIRFLOW__CELERY__TASK_PUBLISH_MAX_RETRIES",
        {"3.3": OptionNames(_CELERY_RETRIES), "2.11": OptionNames(_CELERY_RETRIES)},
        default="60",
        airflow_default="3",
        number=int,
        unit="retries",
        why="a task does not fail because Celery's broker hangs for a minute, such as in a failover",
        zero="the task fails at the first time-out",
        executor="Celery",
    ),
    SettingDefault(
        "AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY",
        {
            # Airflow ends with an error below 0.
            "3.3": OptionNames(_MAX_TIS, minimum=0),
            "2.11": OptionNames(_MAX_TIS, minimum=0),
        },
        default="512",
        airflow_default="16",
        number=int,
        unit="tasks",
        why="one scheduler loop can fill all free slots, not just sixteen",
        zero="as many as [core] parallelism",
    ),
)

# Added for a Celery worker only, because they depend on the limits of its container.
WORKER_DEFAULTS = (
    SettingDefault(
        "AIRFLOW__CELERY__WORKER_CONCURRENCY",
        {
            "3.3": OptionNames(WORKER_CONCURRENCY, minimum=0),
            "2.11": OptionNames(WORKER_CONCURRENCY, minimum=0),
        },
        default=None,
        formula="5 tasks per core of the worker's container, no more than its memory holds at 384 MiB per task",
        airflow_default="16",
        number=int,
        unit="tasks",
        why="as many tasks as the worker's CPU and memory can take",
        zero="one task for each CPU of the host",
    ),
)

ALL_DEFAULTS = DEFAULTS + WORKER_DEFAULTS


def rows_of(line: str, table: tuple[SettingDefault, ...] = ALL_DEFAULTS) -> tuple[SettingDefault, ...]:
    """Return the rows of a table whose setting a line has."""
    return tuple(setting for setting in table if line in setting.names_by_line)


# Settings that the start reads, but does not give a default.
EXECUTOR = ConfigOption("core", "executor")
WORKER_AUTOSCALE = ConfigOption("celery", "worker_autoscale")
WORKER_QUEUES = ConfigOption("astro_runtime", "worker_queues")
DATABASE_URL = (ConfigOption("database", "sql_alchemy_conn"), ConfigOption("core", "sql_alchemy_conn"))
BROKER_URL = (ConfigOption("celery", "broker_url"),)
AIRFLOW_EXECUTOR = {"3.3": "LocalExecutor", "2.11": "SequentialExecutor"}
AIRFLOW_WORKER_CONCURRENCY = 16  # tasks per worker: [celery] worker_concurrency
# Executors that Airflow replaces. Source: `AirflowConfigParser.deprecated_values`, Airflow 3.3.2.
REPLACED_EXECUTORS: dict[str, dict[str, str]] = {"3.3": {"SequentialExecutor": "LocalExecutor"}, "2.11": {}}
