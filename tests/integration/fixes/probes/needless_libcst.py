"""Whether operators import libcst, and what it makes of source: `needless_libcst WORDS` for `airflow WORDS`."""

from __future__ import annotations

import sys

sys.argv = ["airflow", *sys.argv[1:]]  # as Airflow's start finds it

from airflow.sdk.bases import decorator  # noqa: E402
from airflow.sdk.definitions._internal import decorators  # noqa: E402

from testing.proof import report  # noqa: E402

SOURCE = "@setup\n@task.virtualenv(requirements=[])\n@task.skip_if(no)\n@other\ndef work():\n    pass\n"
imported = ["libcst" in sys.modules]
rewrites = [decorator.remove_task_decorator, decorator.remove_task_decorator]
rewritten = [rewrite(SOURCE, "@task.virtualenv") for rewrite in rewrites]
rewritten.append(
    decorators.remove_task_decorator(python_source=SOURCE, task_decorator_name="@task.virtualenv")
)
report({"imported": [*imported, "libcst" in sys.modules], "rewritten": rewritten})
