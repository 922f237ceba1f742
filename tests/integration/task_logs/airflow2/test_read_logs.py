"""What the web server of another machine shows: real scheduler with LocalExecutor, real triggerer, real REST API."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from astro_runtime_plugin.task_logs.shipping.spool import Spool
from astro_runtime_plugin.task_logs.stores.file_systems import FolderStore
from testing.airflow2_installation import Airflow2
from testing.airflow2_log_reader import LogReader
from testing.airflow2_logs import assert_each_line_once, wait_for_whole
from testing.printed_lines import assert_printed_once, printed_lines
from testing.servers import Postgres
from testing.waiting import wait_until

RUN = "first"
# A page waits some seconds for the last lines of a task that has just ended; here as long as it takes.
PATIENT_PAGES = """
from astro_runtime_plugin.task_logs.airflow2 import reading
reading.SETTLE_SECONDS = 200.0
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory, folder: Path, metadata: Postgres) -> Iterator[Airflow2]:
    """Run scheduler and triggerer, and a run of the DAG."""
    home = tmp_path_factory.mktemp("home")
    soon = {
        "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "1",
        "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "5",
        "AIRFLOW__ASTRO_RUNTIME__TASK_LOGS_TO_STDOUT": "True",
    }
    airflow = Airflow2(home, metadata.create("read_logs", "migrated"), f"file://{folder}", **soon)
    airflow.write_settings(PATIENT_PAGES)
    airflow.airflow("dags reserialize", f"dags trigger logs --run-id {RUN}")
    airflow.start("scheduler", "scheduler")
    yield airflow
    airflow.close()


@pytest.fixture(scope="module", autouse=True)
def triggerer(airflow: Airflow2) -> subprocess.Popen[bytes]:
    return start_triggerer(airflow)


def start_triggerer(airflow: Airflow2) -> subprocess.Popen[bytes]:
    return airflow.start("triggerer", "triggerer", "--skip-serve-logs")


def wait_for_text(
    airflow: Airflow2, reader: LogReader, task: str, expected: str, run: str = RUN, **try_of: Any
) -> str:
    """Wait until a log contains a text, and return the log."""

    def text() -> str:
        log = reader.text(run, task, **try_of)
        return log if expected in log else ""

    return str(wait_until(text, lambda: reader.text(run, task, **try_of) + airflow.describe(), pause=0.5))


def assert_in_order(text: str, *expected: str) -> None:
    """Assert that each text is there once, and in this order."""
    assert [text.count(each) for each in expected] == [1] * len(expected), text
    positions = [text.index(each) for each in expected]
    assert positions == sorted(positions), text


def test_running_log_grows(airflow: Airflow2, reader: LogReader) -> None:
    text = wait_for_text(airflow, reader, "wait", "line 20 of the task")
    assert_each_line_once(text)
    assert "Found in the store" in text
    assert "Could not read served logs" not in text


def test_token_continues_where_the_last_answer_ended(airflow: Airflow2, reader: LogReader) -> None:
    wait_for_text(airflow, reader, "wait", "line 20 of the task")
    content, token = reader.read(RUN, "wait")
    contents = [content]
    last = int(re.findall(r"line (\d+) of the task", content)[-1])

    def has_grown() -> bool:
        nonlocal token
        content, token = reader.read(RUN, "wait", token)
        contents.append(content)
        return f"line {last + 100} of the task" in content

    wait_until(has_grown, airflow.describe)
    assert_each_line_once("".join(contents))


def test_deferred_task_has_its_three_parts_in_order(airflow: Airflow2, reader: LogReader) -> None:
    wait_for_text(airflow, reader, "deferred", "trigger starting")  # of another log, which is sent by itself
    text = wait_for_text(airflow, reader, "deferred", "Task exited with return code 0")
    assert_in_order(
        text,
        "before the deferral",
        "(task deferral)",
        "trigger starting",
        "after the deferral",
        "Task exited with return code 0",
    )


def test_each_try_has_its_own_log(airflow: Airflow2, reader: LogReader) -> None:
    text = wait_for_text(airflow, reader, "fail", "this is try 2", try_number=2)
    assert "this is try 1" not in text
    first = wait_for_text(airflow, reader, "fail", "Task exited with return code 1", try_number=1)
    assert_in_order(first, "this is try 1", "Task exited with return code 1")
    assert "this is try 2" not in first


@pytest.mark.parametrize("index", [0, 1])
def test_mapped_task_has_its_own_log(airflow: Airflow2, reader: LogReader, index: int) -> None:
    text = wait_for_text(airflow, reader, "mapped", "Task exited with return code 0", map_index=index)
    assert re.findall(r"the number is (\d)", text) == [str(index + 1)]


def test_finished_log_is_complete_in_the_page_and_the_download(
    airflow: Airflow2, reader: LogReader, folder: Path
) -> None:
    wait_for_text(airflow, reader, "talk", "Task exited with return code 0")
    whole = wait_for_whole(FolderStore(str(folder)), airflow.path(RUN, "talk"), airflow).decode()
    for full in (False, True):
        text = reader.text(RUN, "talk", full=full)
        assert whole.strip() in text
        assert_in_order(text, "from a library", "from stderr", "from a forked process", "from the callback")


def test_log_that_was_written_without_a_store_is_read_as_airflow_does(
    airflow: Airflow2, reader: LogReader
) -> None:
    text = reader.text(RUN, "wait", try_number=7)
    assert "Found in the store" not in text
    assert "Log message source details" in text


def test_last_lines_of_a_task_that_has_just_ended_are_there(airflow: Airflow2, reader: LogReader) -> None:
    """The page asks once more when it sees the end of a task, and then no more."""
    wait_for_text(airflow, reader, "wait", "line 20 of the task")
    (airflow.home / f"go-{RUN}").touch()
    wait_until(lambda: reader.state(RUN, "wait") == "success", airflow.describe, pause=0.02)
    assert_in_order(reader.text(RUN, "wait"), "the last line", "Task exited with return code 0")


def test_each_line_is_on_stdout_once(airflow: Airflow2, reader: LogReader, folder: Path) -> None:
    (airflow.home / f"go-{RUN}").touch()
    tasks = ("talk", "fail", "deferred", "wait")
    wait_until(lambda: {reader.state(RUN, task) for task in tasks} == {"success"}, airflow.describe)
    files = [*(airflow.log_folder / "dag_id=logs" / f"run_id={RUN}").rglob("*.log")]
    paths = {str(file.relative_to(airflow.log_folder)) for file in files}
    store, prefix = FolderStore(str(folder)), f"dag_id=logs/run_id={RUN}/"
    spool = Spool(airflow.log_folder)  # a log that goes on after its end is one object before, too
    wait_until(
        lambda: not spool.entries() and {each.key for each in store.list(prefix)} == paths, airflow.describe
    )
    outputs = [(airflow.home / f"{name}.out").read_text() for name in ("scheduler", "triggerer")]
    lines = [line for line in printed_lines("\n".join(outputs)) if line["run_id"] == RUN]
    for path in paths:
        assert_printed_once([line for line in lines if line["log"] == path], airflow.log_folder / path)
    assert {line["log"] for line in lines} == paths
    assert {(line["task_id"], line["map_index"], line["try_number"]) for line in lines} == {
        ("wait", -1, 1),
        ("talk", -1, 1),
        ("fail", -1, 1),
        ("fail", -1, 2),
        ("mapped", 0, 1),
        ("mapped", 1, 1),
        ("deferred", -1, 1),
    }
    failed = {line["task_id"] for line in lines if "ValueError: the first try" in str(line["exception"])}
    assert failed == {"fail"}
    assert (
        sum(line["message"] == "snowman \u2603, emoji \U0001f680, a lone surrogate's place" for line in lines)
        == 1
    )


def test_killed_triggerers_part_is_there_beside_the_next_ones(
    airflow: Airflow2, triggerer: subprocess.Popen[bytes], reader: LogReader, folder: Path
) -> None:
    run, store = "killed", FolderStore(str(folder))
    end = airflow.home / "end-of-trigger"
    airflow.airflow(f"""dags trigger logs --run-id {run} --conf '{{"until": "{end}"}}'""")
    (airflow.home / f"go-{run}").touch()
    wait_for_text(airflow, reader, "deferred", "trigger starting", run)
    triggerer.kill()
    wait_until(lambda: trigger_logs(store, airflow.path(run, "deferred")), airflow.describe)
    start_triggerer(airflow)
    wait_until(lambda: reader.text(run, "deferred").count("trigger starting") == 2, airflow.describe)
    end.touch()
    text = wait_for_text(airflow, reader, "deferred", "after the deferral", run)
    assert text.count("trigger starting") == 2
    assert_in_order(
        text.replace("trigger starting", "", 1), "before the deferral", "trigger starting", "after the"
    )


def trigger_logs(store: FolderStore, path: str) -> list[str]:
    """Return the logs of triggerers that are put together."""
    return [each.key for each in store.list(path) if re.fullmatch(r".*\.trigger\.\d+\.log", each.key)]
