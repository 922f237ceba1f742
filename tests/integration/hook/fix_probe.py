"""A fix whose functions report that they are called: it shows which kind of process carries fixes, and which.

`sitecustomize.py` adds it to the registry, in each Python and before Airflow is imported. The registry applies it as it
applies every other fix.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from astro_runtime_plugin.fixes.source import file_digest
from testing.installed_line import LINE

SITE = """
import functools, json, os, sys
from wrapt import register_post_import_hook

FUNCTIONS = {functions!r}  # (module, function, digest)

def add_fix(registry):
    load_fix = registry.load_fix
    registry.FIXES["probe"] = tuple({{module for module, _, _ in FUNCTIONS}})
    registry.load_fix = lambda name: create_fix() if name == "probe" else load_fix(name)

def create_fix():
    from astro_runtime_plugin.fixes.fix import Fix, Patch
    patches = (Patch(module, name, (digest,), lambda called, name=name: reporting(called, name))
               for module, name, digest in FUNCTIONS)
    return Fix("probe", "Processes report.", "-", "", "-", tuple(patches))

def reporting(called, name):
    @functools.wraps(called)
    def call(*arguments, **options):
        report(name)
        return called(*arguments, **options)
    return call

def report(name):
    from astro_runtime_plugin.fixes.application import applied_fixes
    from astro_runtime_plugin.fixes.registry import FIXES
    content = {{"function": name, "argv": sys.argv, "applied": sorted(applied_fixes() - {{"probe"}}), "imported": []}}
    for module in {{module for modules in FIXES.values() for module in modules}} & sys.modules.keys():
        if not getattr(sys.modules[module].__spec__, "_initializing", False):
            content["imported"].append(module)
    path = os.path.join(os.environ["AIRFLOW_HOME"], "reports", f"fix-{{name}}-{{os.getpid()}}.json")
    with open(path + ".part", "w") as file:
        json.dump(content, file)
    os.rename(path + ".part", path)

register_post_import_hook(add_fix, "astro_runtime_plugin.fixes.registry")
"""


class Carrier(NamedTuple):
    """A kind of process: a function that only it calls, or words of its command line as well."""

    module: str
    function: str
    words: tuple[str, ...] = ()

    def sent(self, report: Any) -> bool:
        """Whether a report is from such a process."""
        command = " ".join(report["argv"])
        return self.function == report["function"] and all(word in command for word in self.words)


JOBS, CELERY, SDK = "airflow.jobs", "airflow.providers.celery", "airflow.sdk.execution_time"
EXECUTE_WORKLOAD = "execute_workload"
CARRIERS: dict[str, Carrier] = {
    "scheduler": Carrier(f"{JOBS}.scheduler_job_runner", "SchedulerJobRunner._execute"),
    "triggerer": Carrier(f"{JOBS}.triggerer_job_runner", "TriggererJobRunner._execute"),
    "runner of triggers": Carrier(f"{JOBS}.triggerer_job_runner", "TriggerRunner.run"),
    "Celery worker": Carrier(f"{CELERY}.cli.celery_command", "_run_command_with_daemon_option"),
    "command": Carrier("airflow.cli.commands.db_command", "migratedb", ("db", "migrate")),
    **{
        "3.3": {
            "worker of the API server": Carrier("airflow.api_fastapi.app", "create_app"),
            "DAG processor": Carrier("airflow.dag_processing.manager", "DagFileProcessorManager.run"),
            "parser": Carrier("airflow.dag_processing.processor", "_parse_file"),
            "child of a Celery worker": Carrier(
                "airflow.executors.base_executor", "BaseExecutor.run_workload", ("celery", "worker")
            ),
            "worker of LocalExecutor": Carrier("airflow.executors.local_executor", "_run_worker"),
            "task on Celery": Carrier(f"{SDK}.task_runner", "main", ("celery", "worker")),
            "task of LocalExecutor": Carrier(f"{SDK}.task_runner", "main", ("scheduler",)),
            "Kubernetes pod": Carrier(
                "airflow.executors.base_executor", "BaseExecutor.run_workload", (EXECUTE_WORKLOAD,)
            ),
        },
        "2.11": {
            "worker of the webserver": Carrier("airflow.www.app", "cached_app"),
            "DAG processor": Carrier(
                "airflow.dag_processing.manager", "DagFileProcessorManager._run_parsing_loop"
            ),
            "parser": Carrier(
                "airflow.dag_processing.processor", "DagFileProcessorProcess._run_file_processor"
            ),
            "child of a Celery worker": Carrier(
                f"{CELERY}.executors.celery_executor_utils", "_execute_in_fork"
            ),
            "worker of LocalExecutor": Carrier("airflow.executors.local_executor", "LocalWorkerBase.run"),
            "task on Celery": Carrier(
                "airflow.cli.commands.task_command", "_run_raw_task", ("celery", "worker")
            ),
            "task of LocalExecutor": Carrier(
                "airflow.cli.commands.task_command", "_run_raw_task", ("scheduler",)
            ),
            "Kubernetes pod": Carrier(
                "airflow.cli.commands.task_command", "task_run", ("tasks", "run", "--local")
            ),
        },
    }[LINE],
}


def add_fix(home: Path) -> dict[str, str]:
    """Let each Python process know the fix; return the variables that do it."""
    site = home / "site"
    site.mkdir()
    targets = {(carrier.module, carrier.function) for carrier in CARRIERS.values()}
    functions = [(module, function, _digest(module, function)) for module, function in sorted(targets)]
    (site / "sitecustomize.py").write_text(SITE.format(functions=functions))
    return {"PYTHONPATH": str(site)}


def _digest(module: str, function: str) -> str:
    spec = find_spec(module)
    assert spec
    assert spec.origin
    return file_digest(spec.origin, function)
