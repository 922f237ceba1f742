"""What a command imports, and which secrets it masks: `needless_task_runner WORDS` for `airflow WORDS`."""

from __future__ import annotations

import asyncio
import sys

words = sys.argv[1:]
sys.argv = ["airflow", *words]  # as Airflow's start finds it

import airflow  # noqa: E402, F401

from testing.proof import report  # noqa: E402

MODULES = ("airflow.sdk.execution_time.task_runner", "libcst")
CORE, LATER, ASYNC = "secret-of-the-core", "secret-of-a-command", "secret-of-a-coroutine"


def redacted(text: str) -> list[str]:
    """Return a text as the masker of Airflow, and that of its SDK, show it."""
    from airflow._shared.secrets_masker import redact as core
    from airflow.sdk._shared.secrets_masker import redact as sdk

    return [str(core(text)), str(sdk(text))]


imported = [name for name in MODULES if name in sys.modules]
from airflow.sdk.log import amask_secret, mask_secret  # noqa: E402

mask_secret(LATER)
mask_secret({"password": "secret-by-name", "other": "no-secret"})
mask_secret(None)
asyncio.run(amask_secret(ASYNC))
texts = (CORE, LATER, ASYNC, "secret-by-name no-secret")
still = [name for name in MODULES if name in sys.modules]
sent: list[str] = []


class Supervisor:
    """Stands for the connection of a task with its supervisor."""

    def send(self, message: object) -> None:
        """Take what a task sends."""
        sent.append(type(message).__name__)


from airflow.sdk.execution_time import task_runner  # noqa: E402

task_runner.SUPERVISOR_COMMS = Supervisor()  # type: ignore[attr-defined]
mask_secret("secret-of-a-task")
report(
    {
        "imported": imported,
        "later": still,
        "masked": [redacted(text) for text in (*texts, "secret-of-a-task")],
        "sent": sent,
    }
)
