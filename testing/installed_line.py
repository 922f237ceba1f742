"""The line whose Airflow is installed, and its names and values that tests expect."""

from __future__ import annotations

from entrypoint import defaults
from entrypoint.airflow_line import installed_airflow, line_of

AIRFLOW = installed_airflow()
LINE = line_of(AIRFLOW)
# The rows of the table that this line has.
DEFAULTS = defaults.rows_of(LINE, defaults.DEFAULTS)
ALL_DEFAULTS = defaults.rows_of(LINE)

# The variable that Airflow reads for each documented name.
VARIABLES = {setting.documented: setting.names_by_line[LINE].names[0].variable for setting in DEFAULTS}
INTERVAL = VARIABLES["AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL"]
TIMEOUT = VARIABLES["AIRFLOW__CELERY__STALLED_TASK_TIMEOUT"]
RELEASE = {"3.3": "3.3-1", "2.11": "13.0.0"}[LINE]
MIN_PARALLELISM = {"3.3": 1, "2.11": 0}[LINE]  # 0 means unlimited in Airflow 2
