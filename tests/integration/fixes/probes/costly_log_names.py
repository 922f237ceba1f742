"""Makes the name of a task's log file twice; reports how often Jinja has compiled a template."""

from __future__ import annotations

from typing import Any

from airflow.utils.log import file_task_handler
from jinja2 import Environment

from testing.proof import report
from testing.queued_tasks import create_tasks

compile_template: Any = Environment.compile
compiled: list[str] = []


def compile_and_count(environment: Environment, source: Any, *args: Any, **options: Any) -> Any:
    """Stand for `Environment.compile`."""
    compiled.append(source)
    return compile_template(environment, source, *args, **options)


(task,) = create_tasks(1)
handler: Any = file_task_handler.FileTaskHandler("logs")
Environment.compile = compile_and_count  # type: ignore[method-assign, assignment]
names = [handler._render_filename(task, number) for number in (1, 2)]
report({"names": names, "compiled": len(compiled)})
