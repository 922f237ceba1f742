"""`astro-runtime drain`: a Celery worker takes no new task, and finishes what it has."""
