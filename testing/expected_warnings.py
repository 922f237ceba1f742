"""Warnings that Airflow and its libraries log in a healthy container: regular expressions."""

EXPECTED = (
    r"py\.warnings.*/lib/python3",  # 3.3: deprecations within Airflow and its libraries, not within a project
    "appbuilder.app is deprecated",
    "No user yet created",  # FAB, before the first user is created
    "setting the --factory flag",  # uvicorn, about Airflow's log server
    "dag_processor/stale_bundle_cleanup_interval",  # the Celery provider reads an option of Airflow 3 on 2.11
    "Could not import pandas",  # 2.11's timetable of workdays, in the slim image
    "SimpleAuthManager is active but",  # `standalone` on 3.3, if the operator has not set another auth manager
    "Client.request', this is the 1st time",  # 3.3: the API server did not answer within five seconds; a retry
    "So we set parallelism to 1",  # 2.11's dag-processor on SQLite
)
