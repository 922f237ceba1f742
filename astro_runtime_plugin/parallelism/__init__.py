"""Parallelism that follows the running Celery workers, in the scheduler: listener → install → follow → ask."""
