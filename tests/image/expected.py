"""What Airflow and its libraries say of themselves in a healthy container, whatever we do: regular expressions."""

EXPECTED = (
    r"py\.warnings.*/lib/python3",  # 3.3: deprecations within Airflow and what it uses, not within a project
    "appbuilder.app is deprecated",
    "No user yet created",  # FAB, before the first one is
    "setting the --factory flag",  # uvicorn, of Airflow's own log server
    "dag_processor/stale_bundle_cleanup_interval",  # the Celery provider asks 2.11 for an option of Airflow 3
    "Could not import pandas",  # 2.11's timetable of workdays, in the slim image
    "SimpleAuthManager is active but",  # `standalone` on 3.3, where the operator has named no other one
    "Client.request', this is the 1st time",  # 3.3: the API server did not answer within five seconds; asked again
    "So we set parallelism to 1",  # 2.11's dag-processor on SQLite
)
