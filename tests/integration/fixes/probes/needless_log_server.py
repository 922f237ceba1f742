"""Starts a component's log server: `needless_log_server COMMAND PORT METHOD`, by what METHOD starts a process."""

from __future__ import annotations

import multiprocessing
import sys
import time
import urllib.error
import urllib.request
from importlib import import_module

PARTS = ("fastapi", "gunicorn", "uvicorn")


def is_serving(url: str) -> bool:
    """Whether the server answers a request without a token as it must."""
    try:
        urllib.request.urlopen(url, timeout=60)
    except urllib.error.HTTPError as error:
        return error.code == 403
    except OSError:
        return False
    raise AssertionError("the server serves a log to anyone")


def main(command: str, port: str, method: str) -> None:
    """Report what the component has imported, and what the module has, while its server answers."""
    sys.argv = ["airflow", command]  # as Airflow's start finds it
    from testing.proof import report

    component = import_module(f"airflow.cli.commands.{command}_command")
    multiprocessing.set_start_method(method, force=True)
    with component._serve_logs(False):
        imported = [name for name in PARTS if name in sys.modules]
        while not is_serving(f"http://127.0.0.1:{port}/log/task.log"):
            time.sleep(0.1)
        module = import_module("airflow.utils.serve_logs")
        names = [hasattr(module, name) for name in ("create_app", "serve_logs", "no_name")]
    report({"imported": imported, "names": names, "last": module.serve_logs.__doc__})


if __name__ == "__main__":
    main(*sys.argv[1:])
