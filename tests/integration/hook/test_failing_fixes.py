"""An Airflow whose fixes all fail, or find another source than the proven one, runs a DAG to its end, as stock does."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from testing.servers import Postgres, free_port
from testing.waiting import wait_until
from tests.integration.hook import expected, probe

SITE = """
from wrapt import register_post_import_hook

def fail(guard):
    def attempt(fix_id, default, function, *args, **options):
        guard._warn_once(fix_id, "TestError")
        return default
    guard.attempt = attempt

def differ(source):
    source.digest = lambda *args: "another"

register_post_import_hook({what}, "astro_runtime_plugin.fixes.{module}")
"""
# By case: what is done to which module of the Runtime, what the scheduler says once for each fix, and for which.
CASES = {
    "own code fails": (
        ("fail", "guard"),
        "astro-runtime: fix {id} failed (TestError); Airflow works as stock there",
        ["outage-grace"],
    ),
    "another source": (
        ("differ", "source"),
        "astro-runtime: fix {id} is not applied; Airflow is as stock there: ",
        ["outage-grace", "unreadable-dags"],  # the second patches functions of several modules
    ),
}
JOBS = "SELECT DISTINCT job_type FROM job WHERE state = 'running'"
DAG = f"""
from datetime import datetime
from airflow.models import Variable
{expected.IMPORT}

with DAG("dag", start_date=datetime(2026, 1, 1), schedule="@once", is_paused_upon_creation=False):
    @task
    def read():
        return Variable.get("name", "default")
    read()
"""
COMMANDS = {name: words for name, words in expected.COMPONENTS.items() if name != "celery"}


@pytest.mark.parametrize("case", CASES)
def test_dag_succeeds_without_any_fix(metadata: Postgres, tmp_path: Path, case: str) -> None:
    (what, module), warning, fixes = CASES[case]
    home, port, database = tmp_path / "home", str(free_port()), f"failing_fixes_{what}"
    for folder in ("dags", "site"):
        (home / folder).mkdir(parents=True)
    (home / "dags" / "dag.py").write_text(DAG)
    (home / "site" / "sitecustomize.py").write_text(SITE.format(what=what, module=module))
    settings = {
        "PYTHONPATH": str(home / "site"),
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://{expected.HOST}:{port}/execution/",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": metadata.create(database, "migrated"),
        "AIRFLOW__SCHEDULER__STANDALONE_DAG_PROCESSOR": "True",
        # The web server's first answer is slow on a busy machine.
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "120",
        "AIRFLOW__WEBSERVER__WEB_SERVER_MASTER_TIMEOUT": "300",
    }
    environ = probe.probe_environment(home, settings)
    with ExitStack() as stack:
        stack.enter_context(probe.run_components(home, environ, expected.web(port)))
        # Without it 3.3's task fails.
        probe.wait_for_web_server(f"http://{expected.HOST}:{port}{expected.WEB_PATH}")
        stack.enter_context(probe.run_components(home, environ, COMMANDS))
        ended = "SELECT state FROM dag_run WHERE state IN ('success', 'failed')"
        (state,) = wait_until(lambda: metadata.sql(database, ended), lambda: probe.logs(home))
        assert state == ("success",), probe.logs(home)
        jobs = {"SchedulerJob", "DagProcessorJob", "TriggererJob"}
        wait_until(
            lambda: {name for (name,) in metadata.sql(database, JOBS)} == jobs, lambda: probe.logs(home)
        )
    log = (home / "scheduler.log").read_text()
    assert {fix: log.count(warning.format(id=fix)) for fix in fixes} == dict.fromkeys(fixes, 1), log
