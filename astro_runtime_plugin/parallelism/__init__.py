"""Parallelism in the scheduler follows the Celery workers: listeners → activate → monitor → worker_inspector."""
