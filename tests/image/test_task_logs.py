"""Task logs in S3 without a shared volume: all of each log is in the REST API, whatever becomes of its worker.

The tests share a cluster, and run in their order: what one starts, a later one looks at when it has ended.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest

from astro_runtime_plugin.task_logs.last_words import MAY_BE_CUT
from astro_runtime_plugin.task_logs.layout import log_path
from testing.docker_engine import PATIENCE, docker
from testing.waiting import wait_until
from tests.image.task_log_cluster import LOGS, SLOTS, SMALL_FOLDER, LogCluster, log_cluster, numbers

LINES = 300  # of each mapped task: half of them before it waits, half of them at its end
CHUNK_BYTES = 64 * 1024
DAG = f"""\
import time
from datetime import datetime
from pathlib import Path

try:
    from airflow.sdk import dag, task
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task


def write(first, last, rest="x" * 20):
    for number in range(first, last):
        print(f"line {{number}} {{rest}}")


def wait_for(name):
    while not Path("/tmp", name).exists():
        time.sleep(0.2)


def in_two_halves(number=None, name="go"):
    write(0, {LINES} // 2)
    wait_for(name)
    write({LINES} // 2, {LINES})


def grow():
    for number in range(10**6):
        write(number, number + 1, repr(time.time()))
        time.sleep(0.1)


def flood():
    write(0, {2 * SMALL_FOLDER} // 1000, "x" * 1000)


def hoard():
    hoarded = []
    write(0, 1)
    while True:
        hoarded.append(b"x" * (8 << 20))
        time.sleep(0.02)


def define(name, function, **options):
    @dag(dag_id=name, schedule=None, start_date=datetime(2026, 1, 1), catchup=False)
    def define_dag():
        operator = task(task_id=name, retries=0, **options)(function)
        operator.expand(number=list(range({SLOTS}))) if name == "many" else operator()

    define_dag()


define("many", in_two_halves)
define("stopped", in_two_halves)
define("grow", grow)
define("flood", flood, queue="small")
define("hoard", hoard, queue="small")
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, project: str, line: str) -> Iterator[LogCluster]:
    folder = tmp_path_factory.mktemp(f"task-logs-{line}".replace(".", "-"))
    with log_cluster(folder, project, line, DAG) as up:
        up.trigger("hoard")
        up.trigger("many")
        yield up


def test_every_line_of_many_logs_at_once_is_in_the_api_once_and_in_order(cluster: LogCluster) -> None:
    cluster.wait_for_state("many", "running", SLOTS)
    cluster.release("go")
    cluster.wait_for_state("many", "success", SLOTS)
    logs = {index: cluster.numbers_with(LINES - 1, "many", index) for index in range(SLOTS)}
    assert {index: found for index, found in logs.items() if found != list(range(LINES))} == {}


def test_last_words_name_lack_of_memory_with_the_containers_limit_and_its_peak(cluster: LogCluster) -> None:
    cluster.wait_for_state("hoard", "failed")
    cluster.trigger("flood")
    pattern = r"The kernel killed 1 process.* may use 1024 MiB, for lack of memory\. It used up to (\d+) MiB"
    words = wait_until(
        lambda: re.search(pattern, "\n".join(cluster.log("hoard"))),
        lambda: "\n".join([*cluster.log("hoard"), cluster.describe()]),
    )
    assert 512 < int(words[1]) <= 1024
    assert numbers(cluster.log("hoard")) == [0]


def test_log_of_a_running_task_grows_and_outlives_its_worker_and_its_disk(cluster: LogCluster) -> None:
    cluster.trigger("grow")
    seen = [wait_until(lambda: cluster.numbers("grow"), cluster.describe)]
    for _ in range(3):
        seen.append(
            wait_until(lambda: (now := cluster.numbers("grow"))[len(seen[-1]) :] and now, cluster.describe)
        )
    assert all(later[: len(earlier)] == earlier for earlier, later in pairwise(seen))
    (worker,) = cluster.compose.containers("worker")
    docker("kill", "--signal", "KILL", worker)
    written = disk_of(worker, "grow")
    docker("rm", "--force", "--volumes", worker)
    begin = time.monotonic()
    shown = cluster.numbers("grow")
    print(f"the log was open {time.monotonic() - begin:.2f} s after its worker and its disk were gone")
    lost = written[len(shown) :]
    times = [float(line.split()[-1]) for line in (written[-1], written[len(shown) - 1])]
    print(f"lost: {len(lost)} lines, {sum(map(len, lost))} bytes, {times[0] - times[1]:.2f} s")
    assert shown == list(range(len(shown)))
    assert shown[: len(seen[-1])] == seen[-1]
    assert sum(map(len, lost)) < CHUNK_BYTES


def disk_of(container: str, dag: str) -> list[str]:
    """Return the lines that the task has written to the disk of its worker, in a container that has ended."""
    path = f"{LOGS}/dag_id={dag}/run_id=run/task_id={dag}/attempt=1.log"
    command = ["docker", "cp", f"{container}:{path}", "-"]
    archive = subprocess.run(command, check=True, capture_output=True, timeout=300).stdout
    found = re.findall(r"line \d+ [\d.]+", archive.decode(errors="replace"))
    assert numbers(found) == list(range(len(found)))
    return found


def test_all_of_a_log_is_in_the_store_when_its_worker_has_stopped(cluster: LogCluster) -> None:
    cluster.compose.start("--no-recreate", "worker")
    cluster.trigger("stopped")
    wait_until(lambda: cluster.numbers("stopped"), cluster.describe)
    (worker,) = cluster.compose.containers("worker")
    with subprocess.Popen(["docker", "stop", "--time", "600", worker], stdout=subprocess.DEVNULL) as stop:
        wait_until(lambda: "arm shutdown" in cluster.compose("logs", "worker"), cluster.describe)
        docker("exec", worker, "touch", "/tmp/go")
        assert stop.wait(PATIENCE) == 0
    docker("rm", "--volumes", worker)
    keys = [key for key in cluster.objects() if key.startswith("dag_id=stopped/")]
    assert keys == ["dag_id=stopped/run_id=run/task_id=stopped/attempt=1.log"]
    assert cluster.numbers("stopped") == list(range(LINES))
    cluster.wait_for_state("stopped", "success")


def test_task_with_a_full_disk_succeeds_and_what_fitted_is_in_the_store(cluster: LogCluster) -> None:
    cluster.wait_for_state("flood", "success")
    key = "dag_id=flood/run_id=run/task_id=flood/attempt=1.log"
    wait_until(lambda: key in cluster.objects(), cluster.describe)
    shown = cluster.numbers("flood")
    assert shown == list(range(len(shown)))
    assert SMALL_FOLDER * 0.5 < len(shown) * 1000 < SMALL_FOLDER
    output = cluster.compose("logs", "--no-color", "small")
    warnings = re.findall(r"astro-runtime: .*(?:are lost|stays local|wait on this machine).*", output)
    assert len({*warnings}) == 1, warnings  # on Airflow 2 from both processes of the task


def test_killed_try_has_last_words_that_say_what_may_be_missing(cluster: LogCluster) -> None:
    cluster.wait_for_state("grow", "failed")
    lines = wait_until(
        lambda: (log := cluster.log("grow")) and MAY_BE_CUT in log[-1] and log, cluster.describe
    )
    assert "Heartbeat lost: the scheduler has had no heartbeat" in lines[-1]
    shown = numbers(lines)
    assert shown == list(range(len(shown)))
    assert len(shown) > 1


def test_logs_that_have_ended_are_whole_objects(cluster: LogCluster) -> None:
    def chunks() -> list[str]:
        # Those of the worker that is gone stay for some minutes: only their writer knows that it has ended.
        return [key for key in cluster.objects() if log_path(key) != key and "dag_id=grow" not in key]

    wait_until(lambda: not chunks(), lambda: "\n".join([*chunks(), cluster.describe()]))
    assert len({log_path(key) for key in cluster.objects()}) == SLOTS + 4
