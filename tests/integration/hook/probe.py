"""An AIRFLOW_HOME whose processes tell, from inside, which settings they have: a JSON file each, in `seen`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from entrypoint.defaults import DEFAULTS
from entrypoint.record import RECORD_VARIABLE
from testing.installed_line import LINE
from tests.integration.hook.expected import IMPORT, INSIDE, READERS

NAMES = [setting.names_by_line[LINE].names[0] for setting in DEFAULTS]
OPTIONS = {name.variable: (name.section, name.option) for name in NAMES}

# Airflow imports it in each of its processes, after the hook: an operator's file, beside which the hook works.
LOCAL_SETTINGS = """
import json, os, sys, threading, time, traceback
from airflow.configuration import conf

OPTIONS = {options!r}
INSIDE = {inside!r}

def tell(name, reader, **more):
    seen = {{"argv": sys.argv, "record": os.environ.get({record!r}), **more}}
    seen["values"] = {{variable: reader.get(*option) for variable, option in OPTIONS.items()}}
    path = os.path.join(os.environ["AIRFLOW_HOME"], "seen", f"{{name}}-{{os.getpid()}}.json")
    with open(path + ".part", "w") as file:
        json.dump(seen, file)
    os.rename(path + ".part", path)

def at_work():
    # Those of INSIDE in whose methods the main thread is, and their executors. A class is asked for, and no attribute:
    # amid an import the __getattr__ of what the main thread is just making runs into itself, or does worse.
    frame = sys._current_frames().get(threading.main_thread().ident)
    while frame:
        one = frame.f_locals.get("self") if "self" in frame.f_code.co_varnames else None
        if type(one).__name__ in INSIDE:
            parts = [one.__dict__, getattr(one.__dict__.get("job"), "__dict__", {{}})]
            yield from [one, *(executor for part in parts for executor in part.get("executors", []))]
        frame = frame.f_back

def look_inside():
    sought = dict(INSIDE)
    while sought:
        for one in [*at_work()]:
            name = type(one).__name__
            if name not in sought:
                continue
            try:
                inside = {{what: eval(source, {{"sys": sys, "one": one}}) for what, source in sought[name].items()}}
            except (AttributeError, KeyError):
                continue  # it is still being made, or its module not imported yet
            tell(name, conf, inside=inside)
            del sought[name]
        time.sleep(0.1)

def look_or_say_why():
    try:
        look_inside()
    except BaseException:
        tell("failure", {{}}, why=traceback.format_exc())

tell("process", conf)
if sys.argv[1:2] in (["scheduler"], ["dag-processor"]):
    threading.Thread(target=look_or_say_why, daemon=True).start()
"""
DAG = """
import datetime, importlib
{imports}

with DAG("look", start_date=datetime.datetime(2026, 1, 1), schedule="@once", is_paused_upon_creation=False):
    @task
    def look():
        from airflow_local_settings import tell
        for kind, reader in {readers!r}.items():
            tell(kind, importlib.import_module(reader).conf)
    look()
"""


def make(home: Path, cfg: str = "") -> None:
    """Fill `home`: the probe, a DAG with a task that tells too, and airflow.cfg."""
    for folder in ("config", "dags", "seen"):
        (home / folder).mkdir(parents=True)
    inside = {kind: {name: source for name, (source, _) in held.items()} for kind, held in INSIDE.items()}
    source = LOCAL_SETTINGS.format(options=OPTIONS, record=RECORD_VARIABLE, inside=inside)
    (home / "config" / "airflow_local_settings.py").write_text(source)
    (home / "dags" / "look.py").write_text(DAG.format(imports=IMPORT, readers=READERS))
    (home / "airflow.cfg").write_text(cfg)


def environment(home: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment for `home` with nothing of this process's own but the tests' secrets."""
    secrets = {name: os.environ[name] for name in os.environ if name.endswith(("_KEY", "JWT_SECRET"))}
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    told = {"PATH": path, "HOME": str(home), "LANG": "C.UTF-8", "AIRFLOW_HOME": str(home)}
    return {**told, **secrets, "AIRFLOW__CORE__LOAD_EXAMPLES": "False", **(more or {})}


@contextmanager
def running(home: Path, environ: Mapping[str, str], commands: Mapping[str, list[str]]) -> Iterator[None]:
    """Run `airflow COMMAND` for each, without the entrypoint; stdout and stderr of each go to `home`/NAME.log."""
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


def seen(home: Path, kind: str, done: Callable[[list[Any]], bool] = bool, seconds: float = 300) -> list[Any]:
    """Return what processes have told under `kind`, as soon as `done` is content with it."""
    end = time.monotonic() + seconds
    while True:
        told = _told(home, kind)
        if done(told):
            return told
        failures = [failure["why"] for failure in _told(home, "failure")]
        assert not failures, "\n".join(failures)
        assert time.monotonic() < end, f"{kind}: {told}\n" + logs(home)
        time.sleep(0.2)


def _told(home: Path, kind: str) -> list[Any]:
    return [json.loads(path.read_text()) for path in (home / "seen").glob(f"{kind}-*.json")]


def answers(url: str) -> None:
    """Return when a web server answers at `url`."""
    end = time.monotonic() + 300
    while True:
        try:
            urllib.request.urlopen(url).close()
            return
        except OSError:
            assert time.monotonic() < end, url
            time.sleep(0.2)


def logs(home: Path) -> str:
    """Return the end of each process's log, for a test that fails."""
    return "\n".join(f"--- {path.name}\n{path.read_text()[-3000:]}" for path in sorted(home.glob("*.log")))
