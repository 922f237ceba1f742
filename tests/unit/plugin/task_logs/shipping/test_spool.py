from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from astro_runtime_plugin.task_logs.shipping import entry_lock
from astro_runtime_plugin.task_logs.shipping.records import Part, Progress, Status, TaskIdentity
from astro_runtime_plugin.task_logs.shipping.spool import Spool, process_start

PATH = "dag/attempt=1.log"
IDENTITY = TaskIdentity(dag_id="d", run_id="r", task_id="t", try_number=1)


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path)


def test_registered_log_has_a_living_writer(spool: Spool) -> None:
    entry = spool.register(PATH, IDENTITY)
    assert spool.entries() == [entry]
    assert entry.identity == IDENTITY
    assert not spool.has_ended(entry)


def test_ended_log_has_no_writer(spool: Spool) -> None:
    spool.register(PATH)
    spool.end(PATH)
    (entry,) = spool.entries()
    assert spool.has_ended(entry)


def fill_disk(spool: Spool) -> None:
    """Leave no room for another file: what is written beside an entry goes to a device that is full."""
    for file in spool.folder.glob("*.entry.json"):
        file.with_name(f".{file.name}.{os.getpid()}").symlink_to("/dev/full")


def test_log_ends_although_the_disk_is_full(spool: Spool) -> None:
    entry = spool.register(PATH, IDENTITY)
    fill_disk(spool)
    spool.end(PATH)
    assert spool.entries() == [entry.model_copy(update={"writers": []})]


def test_entry_that_has_no_room_on_a_full_disk_stays_as_it_is(spool: Spool) -> None:
    entry = spool.register(PATH, IDENTITY)
    fill_disk(spool)
    with pytest.raises(OSError, match="No space left on device"):
        spool.register(PATH, pid=os.getppid())
    assert spool.entries() == [entry]


def test_log_of_a_dead_process_has_ended(spool: Spool) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        entry = spool.register(PATH, pid=process.pid)
        assert not spool.has_ended(entry)
        process.kill()
    assert spool.has_ended(entry)


def test_log_has_ended_when_its_last_writer_has(spool: Spool) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        spool.register(PATH)
        spool.register(PATH, pid=process.pid)
        spool.end(PATH)
        (entry,) = spool.entries()
        assert not spool.has_ended(entry)
        process.kill()
    assert spool.has_ended(entry)


def test_process_with_the_id_of_a_dead_writer_is_no_writer(spool: Spool) -> None:
    entry = spool.register(PATH)
    entry.writers[0].started -= 3600
    assert spool.has_ended(entry)


def test_writer_of_another_boot_is_dead(spool: Spool) -> None:
    entry = spool.register(PATH)
    entry.machine = "another"
    assert spool.has_ended(entry)


def test_log_that_is_registered_again_is_not_removed(spool: Spool) -> None:
    first = spool.register(PATH)
    second = spool.register(PATH)
    assert not spool.remove(first)
    assert spool.remove(second)
    assert spool.entries() == []


def test_progress_stays_until_it_is_old(spool: Spool) -> None:
    entry = spool.register(PATH)
    progress = Progress(store="file:///store", parts=[Part(local=0, stored=5, length=7)])
    spool.save_progress(PATH, progress)
    spool.remove(entry)
    spool.prune(3600)
    assert spool.progress(PATH) == progress
    spool.prune(-1)
    assert spool.progress(PATH) is None


def test_progress_of_a_pending_log_is_not_pruned(spool: Spool) -> None:
    spool.register(PATH)
    spool.save_progress(PATH, Progress(store="file:///store"))
    spool.prune(-1)
    assert spool.progress(PATH)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"path": 5}', '{"path": "../../etc/passwd"}', "\xff" * 10])
def test_file_that_is_no_entry_is_left_alone(spool: Spool, text: str) -> None:
    entry = spool.register(PATH)
    (spool.folder / "0.entry.json").write_text(text)
    assert spool.entries() == [entry]
    assert (spool.folder / "0.entry.json").read_text() == text


def test_path_outside_the_log_folder_is_refused(spool: Spool) -> None:
    with pytest.raises(ValueError, match="path"):
        spool.register("../secret")


def test_lock_of_the_shipper_is_held_once(spool: Spool) -> None:
    spool.register(PATH)
    lock = spool.lock_shipper()
    assert lock is not None
    assert spool.lock_shipper() is None
    os.close(lock)
    again = spool.lock_shipper()
    assert again is not None
    os.close(again)


def test_one_of_many_starts_the_shipper(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entry_lock, "LOCK_SECONDS", 300)  # a starved thread may hold the lock for long
    spool.register(PATH)
    claims: list[bool] = []
    threads = [threading.Thread(target=lambda: claims.append(spool.claim_start(3600))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claims) == [False] * 7 + [True]
    assert spool.claim_start(-1)


def test_spool_of_another_host_seems_abandoned_when_nobody_reports(tmp_path: Path, spool: Spool) -> None:
    gone = Spool(tmp_path, "gone")
    gone.register(PATH)
    spool.register(PATH)
    (other,) = spool.others()
    assert other.host == "gone"
    assert not other.seems_abandoned(60)
    (entry,) = gone.folder.glob("*.entry.json")
    os.utime(entry, (0, 0))
    assert other.seems_abandoned(60)
    gone.save_status(Status(updated=time.time()))
    assert not other.seems_abandoned(60)


def test_registrations_at_once_are_all_kept(spool: Spool) -> None:
    code = (
        "import sys; from astro_runtime_plugin.task_logs.shipping import entry_lock\n"
        "from astro_runtime_plugin.task_logs.shipping.spool import Spool\n"
        "entry_lock.LOCK_SECONDS = 300\n"  # a starved process may hold the lock for long
        "for n in range(20): Spool(sys.argv[1]).register(f'{sys.argv[2]}/{n}.log')"
    )
    words = [sys.executable, "-c", code, str(spool.log_folder)]
    processes = [subprocess.Popen([*words, str(number)]) for number in range(4)]
    assert [process.wait(300) for process in processes] == [0] * 4
    assert len(spool.entries()) == 80


def test_spool_holds_no_more_than_the_task_and_its_writers(spool: Spool) -> None:
    spool.register(PATH, IDENTITY)
    (file,) = spool.folder.glob("*.entry.json")
    assert set(json.loads(file.read_text())) == {"path", "identity", "machine", "writers", "generation"}


def test_process_that_does_not_run_has_no_start() -> None:
    assert process_start(2**22 + 1) is None


def test_process_that_is_forked_meanwhile_keeps_no_lock(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.folder.mkdir(parents=True)
    reader, writer = os.pipe()
    shipper = spool.lock_shipper()
    assert shipper is not None
    with spool.locked():
        child = os.fork()
        if child == 0:
            os.close(writer)
            os.read(reader, 1)
            os._exit(0)
    spool.release_shipper(shipper)
    try:
        with spool.locked():
            again = spool.lock_shipper()
        assert again is not None
        os.close(again)
    finally:
        os.close(writer)
        os.waitpid(child, 0)
        os.close(reader)


def test_lock_of_a_stopped_process_is_not_waited_for_without_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entry_lock, "LOCK_SECONDS", 0.05)
    spool = Spool(tmp_path)
    spool.folder.mkdir(parents=True)
    with open(spool.folder / "lock", "ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(TimeoutError), spool.locked():
            pass
    with spool.locked():
        pass
