"""The shipper as a process: who starts it, what it outlives, when it ends, and what it takes over."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.shipping import entry_lock
from astro_runtime_plugin.task_logs.shipping.records import Status
from astro_runtime_plugin.task_logs.shipping.shipper import Shipper
from astro_runtime_plugin.task_logs.shipping.spool import Spool
from astro_runtime_plugin.task_logs.shipping.writer import LogWriter
from astro_runtime_plugin.task_logs.stores.store import open_store
from testing.s3_server import ACCESS_KEY, SECRET_KEY, S3Server
from testing.task_log_writer import lines
from testing.task_logs import Machine, keys, stored, until_stored
from testing.waiting import read_until, wait_until
from tests.integration.task_logs.conftest import Machines, Place

PATH = "dag_id=d/run_id=r/task_id=t/attempt=1.log"
# Starts the shipper, and lets the test see when nobody else has its pipe and its file.
BEGIN = """
import sys
from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.shipping.writer import LogWriter
import os
os.set_inheritable(int(sys.argv[4]), True)
LogWriter(TaskLogSettings(url=sys.argv[2]), sys.argv[1]).begin(sys.argv[3])
"""


@pytest.fixture
def machine(folder_place: Place, machines: Machines) -> Machine:
    return machines(folder_place)


def sweep_until(machine: Machine, condition: Callable[[], bool]) -> None:
    """Do what a component does every few seconds until a condition is true."""

    def sweep() -> bool:
        machine.writer.sweep()
        return condition()

    wait_until(sweep)


def wait_for_one_shipper(machine: Machine) -> None:
    """Wait until one shipper is left: where the first takes long to start, another is, which then ends."""
    wait_until(lambda: len(machine.shippers()) == 1, lambda: f"{machine.shippers()}")


def leave_behind(machine: Machine, spool: Spool) -> None:
    """Leave what a machine leaves whose processes and boot are gone, long ago."""
    machine.file(PATH).write_bytes(lines(100))
    os.utime(machine.file(PATH), (0, 0))
    entry = spool.register(PATH)
    entry.machine = "a boot of yesterday"
    (file,) = spool.folder.glob("*.entry.json")
    file.write_text(entry.model_dump_json())
    os.utime(file, (0, 0))


def test_shipper_outlives_the_session_of_its_writer(machine: Machine, folder_place: Place) -> None:
    words = [sys.executable, "-m", "testing.task_log_writer", str(machine.logs), machine.url, "", PATH]
    machine.file(PATH)
    with subprocess.Popen(
        [*words, "lines=50", "hold"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=machine.environment,
        start_new_session=True,
    ) as writer:
        read_until(writer.stdout, "written")
        wait_until(machine.shippers)
        os.killpg(writer.pid, signal.SIGKILL)
    machine.wait_shipped()
    assert stored(folder_place.store, PATH) == lines(50)
    wait_for_one_shipper(machine)


def test_shipper_keeps_no_descriptor_of_its_writer(machine: Machine) -> None:
    reader, writer = os.pipe()
    words = [sys.executable, "-c", BEGIN, str(machine.logs), machine.url, PATH, str(writer)]
    subprocess.run(words, check=True, pass_fds=[writer], env=machine.environment, timeout=300)
    os.close(writer)
    wait_until(machine.shippers)
    assert os.read(reader, 1) == b""  # the end: nobody has the other side
    os.close(reader)


def test_reader_of_a_writers_output_waits_for_the_log_alone(machine: Machine, folder_place: Place) -> None:
    words = [sys.executable, "-m", "testing.task_log_writer", str(machine.logs), machine.url, "", PATH]
    machine.file(PATH)
    output = subprocess.run(
        [*words, "lines=50"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=machine.environment,
        timeout=300,
    )
    assert output.returncode == 0, output.stdout
    assert stored(folder_place.store, PATH) == lines(50)
    wait_for_one_shipper(machine)


def test_writers_at_once_start_one_shipper(machine: Machine) -> None:
    writers = [machine.write(f"task {number}.log", "lines=200", "pause=0.01") for number in range(10)]
    for writer in writers:
        assert "ended True" in writer.communicate(timeout=300)[0]
    wait_for_one_shipper(machine)


def test_stopped_shipper_ships_what_is_pending(machine: Machine, folder_place: Place) -> None:
    machine.spool.register(PATH)
    shipper = machine.ship()
    wait_until(lambda: machine.status.entries)
    machine.file(PATH).write_bytes(lines(10))
    shipper.process.terminate()
    assert shipper.process.wait(300) == 0
    assert stored(folder_place.store, PATH) == lines(10)
    assert machine.spool.entries()


def test_idle_shipper_leaves_its_lock_to_the_next(machine: Machine) -> None:
    machine.spool.register(PATH)
    machine.spool.end(PATH)
    lock = machine.spool.lock_shipper()
    assert lock is not None
    Shipper(machine.spool, machine.settings, lock).run(idle_seconds=0)
    assert machine.spool.entries() == []
    again = machine.spool.lock_shipper()
    assert again is not None
    os.close(again)


def test_logs_registered_while_shippers_end_are_all_shipped(
    machine: Machine, folder_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shipper ends whenever there is nothing to do; whoever finds its lock free runs the next."""
    monkeypatch.setattr(entry_lock, "LOCK_SECONDS", 300)  # a starved thread may hold the lock for long
    paths = [f"task {number}.log" for number in range(60)]

    def ship() -> None:
        lock = machine.spool.lock_shipper()
        if lock is not None:
            Shipper(machine.spool, machine.settings, lock).run(idle_seconds=0)

    threads = []
    for path in paths:
        machine.file(path).write_bytes(lines(3))
        machine.spool.register(path)
        machine.spool.end(path)
        threads.append(threading.Thread(target=ship))
        threads[-1].start()
    for thread in threads:
        thread.join(300)
    assert machine.spool.entries() == []
    assert keys(folder_place.store) == sorted(paths)


def test_component_starts_the_shipper_for_what_was_left_behind(machine: Machine, folder_place: Place) -> None:
    machine.writer.sweep()
    assert machine.shippers() == []
    leave_behind(machine, machine.spool)
    sweep_until(machine, lambda: not machine.spool.entries())
    assert stored(folder_place.store, PATH) == lines(100)


def test_logs_of_a_host_that_is_gone_are_shipped_by_another(machine: Machine, folder_place: Place) -> None:
    gone = Spool(machine.logs, "a-pod-of-yesterday")
    leave_behind(machine, gone)
    gone.save_status(Status(updated=1.0))
    sweep_until(machine, lambda: not gone.entries())
    assert stored(folder_place.store, PATH) == lines(100)


def test_logs_of_a_host_that_reports_are_left_to_it(machine: Machine, folder_place: Place) -> None:
    other = Spool(machine.logs, "a-pod-of-today")
    leave_behind(machine, other)
    other.save_status(Status(updated=9e9))
    machine.file("another.log").write_bytes(lines(10))
    machine.spool.register("another.log")
    machine.spool.end("another.log")
    machine.ship()
    machine.wait_shipped()
    assert len(other.entries()) == 1
    assert keys(folder_place.store) == ["another.log"]


@pytest.mark.parametrize(
    ("conn_id", "ended", "problem"),
    [
        ("logs_s3", True, ""),
        (
            "missing",
            False,
            "astro-runtime: task logs wait on this machine: the connection missing cannot be read:"
            " AirflowNotFoundException\n",
        ),
    ],
)
def test_connection_of_airflow_is_used(
    s3: S3Server, s3_place: Place, machines: Machines, conn_id: str, ended: bool, problem: str
) -> None:
    extra = {"endpoint_url": s3.url, "region_name": "us-east-1"}
    connection = {"conn_type": "aws", "login": ACCESS_KEY, "password": SECRET_KEY, "extra": extra}
    environ = {"AIRFLOW_CONN_LOGS_S3": json.dumps(connection), "AWS_EC2_METADATA_DISABLED": "true"}
    machine = machines(s3_place, environ=environ)
    machine.conn_id = conn_id
    machine.ship()
    writer = machine.write(PATH, "lines=100", f"wait={300 if ended else 0}")
    assert f"ended {ended}" in writer.communicate(timeout=300)[0]
    wait_until(lambda: machine.problems() == problem)
    assert keys(s3_place.store) == ([PATH] if ended else [])


def test_shipper_without_the_connection_makes_room_for_one_that_has_it(
    s3: S3Server, s3_place: Place, machines: Machines
) -> None:
    extra = {"endpoint_url": s3.url, "region_name": "us-east-1"}
    connection = {"conn_type": "aws", "login": ACCESS_KEY, "password": SECRET_KEY, "extra": extra}
    machine = machines(s3_place, environ={"AWS_EC2_METADATA_DISABLED": "true"})
    machine.conn_id = "logs_s3"
    machine.file(PATH).write_bytes(lines(100))
    machine.spool.register(PATH)
    machine.spool.end(PATH)
    for _ in range(2):
        assert machine.ship().process.wait(300) == 0
    assert machine.problems().count("task logs wait") == 1
    machine.ship(environ={"AIRFLOW_CONN_LOGS_S3": json.dumps(connection)})
    machine.wait_shipped()
    assert stored(s3_place.store, PATH) == lines(100)


def test_log_that_goes_to_another_store_now_is_there_from_its_beginning(
    folder_place: Place, machines: Machines
) -> None:
    machine = machines(folder_place)
    machine.file(PATH).write_bytes(lines(10))
    machine.spool.register(PATH)
    shipper = machine.ship()
    until_stored(folder_place.store, PATH, lambda log: log == lines(10))
    shipper.kill()
    machine.url = f"{folder_place.url}/another"
    machine.ship()
    machine.spool.end(PATH)
    machine.wait_shipped()
    assert stored(folder_place.store, f"another/{PATH}") == lines(10)


def test_changed_store_gets_the_logs_of_a_running_shipper(
    machine: Machine, folder_place: Place, tmp_path: Path
) -> None:
    """A component has started with another store, while the shipper is at work for a task of before."""
    shipper = machine.ship()
    other_url = f"file://{tmp_path}/other"
    other = open_store(TaskLogSettings(url=other_url))
    with machine.write(PATH, "lines=100", "hold") as writer:
        until_stored(folder_place.store, PATH, len)
        LogWriter(TaskLogSettings(url=other_url), machine.logs).aim()
        until_stored(other, PATH, lambda data: data == lines(100))
        writer.communicate("\n", timeout=300)
    machine.wait_shipped()
    assert keys(other) == [PATH]
    assert shipper.process.poll() is None


def test_shipper_starts_with_the_settings_of_the_last_component(machine: Machine, tmp_path: Path) -> None:
    other_url = f"file://{tmp_path}/other"
    LogWriter(TaskLogSettings(url=other_url, delete_local=True), machine.logs).aim()
    writer = machine.write(PATH, "lines=100")
    assert "ended True" in writer.communicate(timeout=300)[0]
    assert stored(open_store(TaskLogSettings(url=other_url)), PATH) == lines(100)
    assert not machine.file(PATH).exists()
