"""THE table: the settings that have a default of the Runtime's, one row each.

A difference between the lines is a difference between two `Spelling`s, never an `if`.
"""

from __future__ import annotations

from entrypoint.names import Name, Variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST = 10_000_000  # no setting of the table means anything above this; 1e9 is a slip of the pen


class Spelling:
    """How one line's Airflow calls a setting.

    `names` are read by Airflow, the newest first; the Runtime exports the first. `carried` are names that
    operators know from documentation or older Airflows and that this Airflow does not read: the Runtime
    carries their value to the first name. Where several carried names are set the largest value counts,
    as in Airflow 2.11's scheduler (`SchedulerJobRunner.__init__`, `task_queued_timeout`).
    """

    __slots__ = ("carried", "names")

    def __init__(self, *names: Name, carried: tuple[Name | Variable, ...] = ()) -> None:
        self.names = names
        self.carried = carried


class Setting:
    """One row: the documented name, its spelling on each line, the default and why it is better.

    `default` is the value, or None where `formula.py` works it out. `stock` is Airflow's own default.
    `number` is `int` or `float`, as Airflow reads it; `least` and LARGEST bound what can work, in `unit`.
    """

    __slots__ = ("default", "documented", "least", "number", "spellings", "stock", "unit", "why")

    def __init__(
        self,
        documented: str,
        spellings: Mapping[str, Spelling],
        *,
        default: str | None,
        stock: str,
        number: type,
        least: float,
        unit: str,
        why: str,
    ) -> None:
        self.documented = documented
        self.spellings = spellings
        self.default = default
        self.stock = stock
        self.number = number
        self.least = least
        self.unit = unit
        self.why = why


_REFRESH = Name("dag_processor", "refresh_interval")
_DIR_LIST = Name("scheduler", "dag_dir_list_interval")
_QUEUED = Name("scheduler", "task_queued_timeout")
_PARALLELISM = Name("core", "parallelism")
_BATCH = Name("kubernetes_executor", "worker_pods_creation_batch_size")
_OLD_BATCH = Name("kubernetes", "worker_pods_creation_batch_size")
_MAX_TIS = Name("scheduler", "max_tis_per_query")
# Airflow 2.6 joined these into task_queued_timeout; Airflow 3 reads none of them.
_OLD_TIMEOUTS = (
    Name("celery", "stalled_task_timeout"),
    Name("celery", "task_adoption_timeout"),
    Name("kubernetes_executor", "worker_pods_pending_timeout"),
    Name("kubernetes", "worker_pods_pending_timeout"),
)
_PLAIN_PARALLELISM = Variable("AIRFLOW_CORE_PARALLELISM")

TABLE = (
    Setting(
        "AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL",
        {"3.3": Spelling(_REFRESH, _DIR_LIST)},
        default="30",
        stock="300",
        number=int,
        least=1,
        unit="seconds",
        why="a new DAG file shows within half a minute",
    ),
    Setting(
        "AIRFLOW__CELERY__STALLED_TASK_TIMEOUT",
        {"3.3": Spelling(_QUEUED, carried=_OLD_TIMEOUTS)},
        default="600",
        stock="600",
        number=float,
        least=0.001,
        unit="seconds",
        why="a task that no worker takes is queued again after ten minutes",
    ),
    Setting(
        "AIRFLOW__CORE__PARALLELISM",
        {"3.3": Spelling(_PARALLELISM, carried=(_PLAIN_PARALLELISM,))},
        default=None,
        stock="32",
        number=int,
        least=1,
        unit="tasks",
        why="as many tasks as the running workers can take",
    ),
    Setting(
        "AIRFLOW__KUBERNETES_EXECUTOR__WORKER_PODS_CREATION_BATCH_SIZE",
        {"3.3": Spelling(_BATCH, carried=(_OLD_BATCH,))},
        default="16",
        stock="1",
        number=int,
        least=1,
        unit="pods",
        why="a burst of tasks gets its pods in one scheduler loop, not in sixteen",
    ),
    Setting(
        "AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY",
        {"3.3": Spelling(_MAX_TIS)},
        default="512",
        stock="16",
        number=int,
        least=0,  # 0 is Airflow's word for "as many as [core] parallelism"
        unit="tasks",
        why="a scheduler loop fills the free slots instead of sixteen of them",
    ),
)

# Settings that the start reads but gives no default to.
EXECUTOR = Name("core", "executor")
WORKER_CONCURRENCY = Name("celery", "worker_concurrency")
WORKER_QUEUES = Name("astro_runtime", "worker_queues")
DATABASE_URL = (Name("database", "sql_alchemy_conn"), Name("core", "sql_alchemy_conn"))
BROKER_URL = (Name("celery", "broker_url"),)
