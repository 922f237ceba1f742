"""How much is accepted of what comes from outside: from workers through the broker, and from the state table."""

from __future__ import annotations

MAX_POOL = 10_000  # tasks that one worker is believed to run at once
MAX_WORKERS = 5000
# Rows of components, and of machines with task logs: the workers, as many that a rollout has replaced, and the others.
MAX_COMPONENTS = 2 * MAX_WORKERS + 1000
MAX_QUEUES = 100  # of one worker
MAX_NAMES = 1_000_000  # characters of all names of workers and their queues
MAX_TASKS = 50_000  # that run at once, over all workers
MAX_LOST_TASKS = 100_000  # that are remembered although no worker runs them any more
MAX_SCHEDULERS = 20  # whose rows are read
# Characters of a scheduler's row as JSON: 5000 workers, each with 80 characters of names. The others are left out.
MAX_ROW_LENGTH = 512 * 1024
MAX_WHY = 2000  # characters of a calculation
MAX_REASON = 200  # characters of the reason why a reply is invalid
MAX_INVALID = 20  # workers in a round whose invalid replies are reported
MAX_WARNINGS = 100  # workers whose invalid replies a scheduler logs
MAX_REPLIES = 10_000  # to one question
# Workers that a question names. Every worker of the broker reads all names, so more would cost the workers' square. If
# the question names nobody, those of other applications reply, too; ten names are longer than most replies.
MAX_DESTINATIONS = 10
MAX_REPLY_BYTES = 4 * 1024 * 1024
MAX_UNREADABLE = 100  # messages among the replies; then there is something wrong with the connection
MAX_MEMORY = 1024**3  # bytes of the process that queries the workers
