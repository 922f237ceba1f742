"""THE table: the settings that have a default of the Runtime's, one row each.

A difference between the lines is a difference between two `Spelling`s, never an `if`.
"""

from __future__ import annotations

from entrypoint.names import Name, Variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Spelling:
    """How one line's Airflow calls a setting, and which numbers it takes.

    `names` are read by Airflow, the newest first; the Runtime exports the first. `joined` are names of which
    Airflow takes the largest, together with the first name's value; 0 stands for not set there. `carried` are
    names that operators know from documentation or another Airflow and that this one does not read: the Runtime
    carries the largest of their values to the first name. `least` is the smallest value that can work.
    """

    __slots__ = ("carried", "joined", "least", "names")

    def __init__(
        self,
        *names: Name,
        least: float = 1,
        joined: tuple[tuple[Name, ...], ...] = (),
        carried: tuple[Name | Variable, ...] = (),
    ) -> None:
        self.names = names
        self.least = least
        self.joined = joined
        self.carried = carried


class Setting:
    """One row: the documented name, its spelling on each line, the default and why it is better.

    `default` is the value in `unit`, or None where `formula.py` works it out, as `formula` says in words. `stock` is
    Airflow's own default.
    `number` is `int` or `float`, as Airflow reads it.
    """

    __slots__ = ("default", "documented", "formula", "number", "spellings", "stock", "unit", "why")

    def __init__(
        self,
        documented: str,
        spellings: Mapping[str, Spelling],
        *,
        default: str | None,
        formula: str = "",
        stock: str,
        number: type,
        unit: str,
        why: str,
    ) -> None:
        self.documented = documented
        self.spellings = spellings
        self.default = default
        self.formula = formula
        self.stock = stock
        self.number = number
        self.unit = unit
        self.why = why


_REFRESH = Name("dag_processor", "refresh_interval")
_DIR_LIST = Name("scheduler", "dag_dir_list_interval")
_QUEUED = Name("scheduler", "task_queued_timeout")
_PARALLELISM = Name("core", "parallelism")
_BATCH = Name("kubernetes_executor", "worker_pods_creation_batch_size")
_OLD_BATCH = Name("kubernetes", "worker_pods_creation_batch_size")
WORKER_CONCURRENCY = Name("celery", "worker_concurrency")
_MAX_TIS = Name("scheduler", "max_tis_per_query")
_PLAIN_PARALLELISM = Variable("AIRFLOW_CORE_PARALLELISM")
# Airflow 2.6 joined these into task_queued_timeout; Airflow 3 reads none of them. Source of the maximum:
# `SchedulerJobRunner.__init__`, Airflow 2.11.2.
_STALLED = Name("celery", "stalled_task_timeout")
_ADOPTION = Name("celery", "task_adoption_timeout")
_PENDING = (
    Name("kubernetes_executor", "worker_pods_pending_timeout"),
    Name("kubernetes", "worker_pods_pending_timeout"),
)
_A_MOMENT = 0.001  # seconds: with a timeout of 0 no task would ever leave the queue

TABLE = (
    Setting(
        "AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL",
        {
            "3.3": Spelling(_REFRESH, _DIR_LIST),
            "2.11": Spelling(_DIR_LIST, carried=(_REFRESH,)),
        },
        default="30",
        stock="300",
        number=int,
        unit="seconds",
        why="a new DAG file shows within half a minute",
    ),
    Setting(
        "AIRFLOW__CELERY__STALLED_TASK_TIMEOUT",
        {
            "3.3": Spelling(_QUEUED, least=_A_MOMENT, carried=(_STALLED, _ADOPTION, *_PENDING)),
            "2.11": Spelling(_QUEUED, least=_A_MOMENT, joined=((_STALLED,), (_ADOPTION,), _PENDING)),
        },
        default="600",
        stock="600",
        number=float,
        unit="seconds",
        why="a task that no worker takes is queued again after ten minutes",
    ),
    Setting(
        "AIRFLOW__CORE__PARALLELISM",
        {
            "3.3": Spelling(_PARALLELISM, carried=(_PLAIN_PARALLELISM,)),
            # 0 is Airflow 2's word for "without a bound"
            "2.11": Spelling(_PARALLELISM, least=0, carried=(_PLAIN_PARALLELISM,)),
        },
        default=None,
        formula="running workers over all worker queues × tasks per worker",
        stock="32",
        number=int,
        unit="tasks",
        why="as many tasks as the running workers can take",
    ),
    Setting(
        "AIRFLOW__KUBERNETES_EXECUTOR__WORKER_PODS_CREATION_BATCH_SIZE",
        {
            "3.3": Spelling(_BATCH, carried=(_OLD_BATCH,)),
            "2.11": Spelling(_BATCH, _OLD_BATCH),
        },
        default="16",
        stock="1",
        number=int,
        unit="pods",
        why="a burst of tasks gets its pods in one scheduler loop, not in sixteen",
    ),
    Setting(
        "AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY",
        {
            # 0 is Airflow's word for "as many as [core] parallelism"
            "3.3": Spelling(_MAX_TIS, least=0),
            "2.11": Spelling(_MAX_TIS, least=0),
        },
        default="512",
        stock="16",
        number=int,
        unit="tasks",
        why="a scheduler loop fills the free slots instead of sixteen of them",
    ),
)

# Beside TABLE where a Celery worker starts, and nowhere else: what it may use is its own container's.
WORKER_TABLE = (
    Setting(
        "AIRFLOW__CELERY__WORKER_CONCURRENCY",
        {"3.3": Spelling(WORKER_CONCURRENCY), "2.11": Spelling(WORKER_CONCURRENCY)},
        default=None,
        formula="5 tasks a core of the worker's container, no more than its memory holds at 384 MiB a task",
        stock="16",
        number=int,
        unit="tasks",
        why="as many tasks as the worker's CPU and memory can take",
    ),
)

EVERY = TABLE + WORKER_TABLE

# Settings that the start reads but gives no default to.
EXECUTOR = Name("core", "executor")
WORKER_AUTOSCALE = Name("celery", "worker_autoscale")
WORKER_QUEUES = Name("astro_runtime", "worker_queues")
DATABASE_URL = (Name("database", "sql_alchemy_conn"), Name("core", "sql_alchemy_conn"))
BROKER_URL = (Name("celery", "broker_url"),)
STOCK_EXECUTOR = {"3.3": "LocalExecutor", "2.11": "SequentialExecutor"}
STOCK_CONCURRENCY = 16  # tasks a worker: [celery] worker_concurrency
# What Airflow takes one executor for: `AirflowConfigParser.deprecated_values`, Airflow 3.3.2.
REPLACED_EXECUTORS: dict[str, dict[str, str]] = {"3.3": {"SequentialExecutor": "LocalExecutor"}, "2.11": {}}
