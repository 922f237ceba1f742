"""The DAGs for task logs of Airflow 2: each way in which a task writes, and a task that runs until it is let go."""

from __future__ import annotations

# A module with a trigger that waits until it is let go.
TRIGGER = """
import asyncio, os
from airflow.triggers.base import BaseTrigger, TriggerEvent

class UntilFile(BaseTrigger):
    def __init__(self, path):
        super().__init__()
        self.path = path

    def serialize(self):
        return "until_file.UntilFile", {"path": self.path}

    async def run(self):
        self.log.info("trigger starting")
        while not os.path.exists(self.path):
            await asyncio.sleep(0.1)
        yield TriggerEvent(True)
"""
DAG = """
import logging, os, subprocess, sys, time
from datetime import datetime, timedelta
from airflow import DAG
from airflow.decorators import task
from airflow.models import BaseOperator
from airflow.triggers.temporal import TimeDeltaTrigger
from until_file import UntilFile

HOME = os.environ["AIRFLOW_HOME"]
log = logging.getLogger("a.library")

def remember(context):
    print("from the callback")

class Deferred(BaseOperator):
    def execute(self, context):
        self.log.info("before the deferral")
        file = context["dag_run"].conf.get("until")
        trigger = UntilFile(file) if file else TimeDeltaTrigger(timedelta(seconds=2))
        self.defer(trigger=trigger, method_name="resume")

    def resume(self, context, event=None):
        self.log.info("after the deferral")

@task
def wait(**context):
    number = 0
    while not os.path.exists(f"{HOME}/go-{context['run_id']}"):
        number += 1
        log.info("line %d of the task", number)
        time.sleep(0.05)
    log.info("the last line")
with DAG("alone", schedule=None, start_date=datetime(2026, 1, 1)):
    wait()

with DAG("logs", schedule=None, start_date=datetime(2026, 1, 1)):
    @task(on_success_callback=remember)
    def talk():
        log.info("from a library")
        print("from stdout")
        print("from stderr", file=sys.stderr)
        print("snowman \\u2603, emoji \\U0001f680, a lone surrogate's place")
        print("x" * 1_000_000 + "end of the long line")
        if os.fork() == 0:
            log.info("from a forked process")
            logging.shutdown()
            os._exit(0)
        os.wait()
        log.info("after the forked process")
    talk()

    wait()

    @task(retries=1, retry_delay=timedelta(seconds=1))
    def fail(**context):
        log.info("this is try %d", context["ti"].try_number)
        if context["ti"].try_number == 1:
            raise ValueError("the first try fails")
    fail()

    @task
    def mapped(number):
        log.info("the number is %d", number)
    mapped.expand(number=[1, 2])

    Deferred(task_id="deferred")
"""
