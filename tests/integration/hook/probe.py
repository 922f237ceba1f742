"""An AIRFLOW_HOME whose processes report, from inside, which settings they have: a JSON file each, in `reports`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from entrypoint.record import RECORD_VARIABLE
from testing.entrypoint_process import isolated_environment
from testing.installed_line import DEFAULTS, LINE
from testing.waiting import retry, wait_until
from tests.integration.hook.expected import IMPORT, INSIDE, MODULES, READERS

NAMES = [setting.names_by_line[LINE].names[0] for setting in DEFAULTS]
OPTIONS = {name.variable: (name.section, name.option) for name in NAMES}

# An operator's file that Airflow imports in each of its processes, after the hook.
LOCAL_SETTINGS = """
import json, os, sys, threading, time, traceback
from airflow.configuration import conf

OPTIONS = {options!r}
INSIDE = {inside!r}
MODULES = {modules!r}

def report(name, reader, **extra):
    content = {{"argv": sys.argv, "record": os.environ.get({record!r}), **extra}}
    content["values"] = {{variable: reader.get(*option, fallback=None) for variable, option in OPTIONS.items()}}
    path = os.path.join(os.environ["AIRFLOW_HOME"], "reports", f"{{name}}-{{os.getpid()}}.json")
    with open(path + ".part", "w") as file:
        json.dump(content, file)
    os.rename(path + ".part", path)

def active_objects():
    # The objects of the classes in INSIDE whose methods the main thread is executing, and their executors. Only the
    # class of an object is read, not its attributes: during an import, the __getattr__ of an object that the main
    # thread is still creating can recurse without end, or do worse. The variables of other modules' frames are not
    # read either: reading them changes the dictionary that their locals() returned.
    frame = sys._current_frames().get(threading.main_thread().ident)
    while frame:
        active = frame.f_locals.get("self") if frame.f_globals.get("__name__") in MODULES else None
        if type(active).__name__ in INSIDE:
            holders = [active.__dict__, getattr(active.__dict__.get("job"), "__dict__", {{}})]
            yield from [active, *(executor for holder in holders for executor in holder.get("executors", []))]
        frame = frame.f_back

def report_inside():
    missing = dict(INSIDE)
    while missing:
        for active in [*active_objects()]:
            name = type(active).__name__
            if name not in missing:
                continue
            names = {{"sys": sys, "active": active}}
            try:
                inside = {{what: eval(source, names) for what, source in missing[name].items()}}
            except (AttributeError, KeyError):
                continue  # it is not complete yet, or its module is not imported yet
            report(name, conf, inside=inside)
            del missing[name]
        time.sleep(0.1)

def report_inside_or_failure():
    try:
        report_inside()
    except BaseException:
        report("failure", {{}}, why=traceback.format_exc())

report("process", conf)
if sys.argv[1:2] in (["scheduler"], ["dag-processor"]):
    threading.Thread(target=report_inside_or_failure, daemon=True).start()
"""
DAG = """
import datetime, importlib
{imports}

with DAG("report", start_date=datetime.datetime(2026, 1, 1), schedule="@once", is_paused_upon_creation=False):
    @task
    def report_settings():
        from airflow_local_settings import report
        for kind, reader in {readers!r}.items():
            report(kind, importlib.import_module(reader).conf)

    @task(executor="LocalExecutor")
    def run_locally():
        pass
    report_settings()
    run_locally()
"""


def create_home(home: Path, cfg: str = "") -> None:
    """Fill `home`: the probe, a DAG whose task reports too, and airflow.cfg."""
    for folder in ("config", "dags", "reports"):
        (home / folder).mkdir(parents=True)
    inside = {
        kind: {name: source for name, (source, _) in sources.items()} for kind, sources in INSIDE.items()
    }
    source = LOCAL_SETTINGS.format(options=OPTIONS, record=RECORD_VARIABLE, inside=inside, modules=MODULES)
    (home / "config" / "airflow_local_settings.py").write_text(source)
    (home / "dags" / "report.py").write_text(DAG.format(imports=IMPORT, readers=READERS))
    (home / "airflow.cfg").write_text(cfg)


def probe_environment(home: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment for `home`; of this process's environment it has only the tests' secrets."""
    secrets = {name: os.environ[name] for name in os.environ if name.endswith(("_KEY", "JWT_SECRET"))}
    return isolated_environment(home, **{**secrets, **(extra or {})})


@contextmanager
def run_components(
    home: Path, environ: Mapping[str, str], commands: Mapping[str, list[str]]
) -> Iterator[None]:
    """Run airflow commands without the entrypoint; the output of each goes to NAME.log in `home`."""
    processes = []
    try:
        for name, words in commands.items():
            with open(home / f"{name}.log", "wb") as log:
                process = subprocess.Popen(
                    ["airflow", *words],
                    env=environ,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            processes.append(process)
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for_reports(home: Path, kind: str, complete: Callable[[list[Any]], bool] = bool) -> list[Any]:
    """Return the reports of a kind once `complete` accepts them; fail with the reason if a probe has failed."""

    def failures() -> list[str]:
        return [failure["why"] for failure in read_reports(home, "failure")]

    def describe() -> str:
        return "\n".join([*failures(), f"{kind}: {read_reports(home, kind)}", logs(home)])

    wait_until(lambda: complete(read_reports(home, kind)), describe, failed=lambda: bool(failures()))
    return read_reports(home, kind)


def read_reports(home: Path, kind: str) -> list[Any]:
    """Return the reports of a kind that are there."""
    return [json.loads(path.read_text()) for path in (home / "reports").glob(f"{kind}-*.json")]


def wait_for_web_server(url: str) -> None:
    """Return when a web server answers at `url`."""
    retry(lambda: urllib.request.urlopen(url).close(), OSError)


def logs(home: Path) -> str:
    """Return the end of each process's log, for the message of a failing test."""
    return "\n".join(f"--- {path.name}\n{path.read_text()[-3000:]}" for path in sorted(home.glob("*.log")))
