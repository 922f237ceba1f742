"""How the matrix is measured: what the page says above its tables."""

from __future__ import annotations

from testing.faults.load import TaskLoad
from testing.faults.results import SETTLE_LIMIT
from testing.installed_line import AIRFLOW, LINE

PLANNED = len(TaskLoad().plan())
METHOD = (
    f"Measured by `make faults LINE={LINE}` with Airflow {AIRFLOW}: {PLANNED} tasks, plain, mapped and deferred ones,"
    " sensors that reschedule, and DAGs that assets trigger; half of them without retries, the others with two. Each"
    " fault comes while a part of them runs and the rest waits; while it lasts, all but what assets trigger come again"
    " when less than a third is left. A ledger in a database of its own, in which each run of a task's code writes"
    " its start and its end, shows what happened. A task is *lost* if it was not done and Airflow has given it up,"
    " *hung* if Airflow has not ended it, or the DAG run of tasks that have ended, *twice at once* if its code ran"
    " twice at the same time, and *misreported* if Airflow says otherwise than the ledger. *Cut off* are tasks without"
    " a retry left whose own process, or the supervisor or pod of it, the fault ended; their logs must say so, and"
    f" Airflow must notice it within {SETTLE_LIMIT} s. If only the supervisor was killed, the code may have ended well,"
    " but *nobody was left to report it*: Airflow fails the task, which is right for all it can know. *Moves again* is"
    " about the tasks that were queued, or ready to be, at the end of the fault: it is the longest time from then on"
    " in which one of them still waited, a slot was free, and none of them began to run; it is *never* if one of them"
    " never ran. After a fault of a scheduler it is about those that were not queued yet, and the time until Airflow"
    " queues them, since workers take the others without one, and first. The row *nothing* shows what of it is the"
    " load's own. The limit is 30 s after the database is back, 60 s after the broker or a scheduler is, and a minute"
    " more after the broker has lost its messages, since that is when a message is missed. RabbitMQ, MariaDB, the"
    " failover and Kubernetes are put to the faults of their own parts only. The standby of the failover is"
    " synchronous; that of compose.ha.yaml is not, so a failover there may lose the last transactions. What falls short"
    " is in bold."
)
