"""The settings of the web servers under test: a plain profile, and one with hostile image tag and links."""

from __future__ import annotations

PREFIX = "/team/airflow"
# A silent web server counts as dead after so long: with Airflow's 30 s, one on a busy machine does at times.
ALIVE = {"AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "600"}
PLAIN = {
    **ALIVE,
    "AIRFLOW__ASTRO_RUNTIME__IMAGE_TAG": "my-project:2026-11-21",
    "AIRFLOW__ASTRO_RUNTIME__NOTICES": "False",
    "AIRFLOW__CORE__PARALLELISM": "7",
}
HOSTILE = {
    **ALIVE,
    "AIRFLOW__ASTRO_RUNTIME__NOTICE_THRESHOLD_DAYS": "3650",  # so that there is a notice
    "AIRFLOW__ASTRO_RUNTIME__NOTICE_DISMISSAL_DAYS": "5",
    "AIRFLOW__ASTRO_RUNTIME__IMAGE_TAG": "<script>alert(1)</script>",
    "AIRFLOW__ASTRO_RUNTIME__LINKS": '{"<b>Wiki</b>": "https://wiki.example.com/", "Bad": "javascript:alert(1)"}',
}
# The plain profile's parallelism in the API.
PARALLELISM = {
    "documented": "AIRFLOW__CORE__PARALLELISM",
    "variable": "AIRFLOW__CORE__PARALLELISM",
    "value": "7",
    "stock": "32",
    "origin": "operator environment",
    "why": "",
    "set_as": "AIRFLOW__CORE__PARALLELISM",
}
