"""compose.yaml: health, the footer, and a DAG that succeeds although a worker and the scheduler are killed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from itertools import pairwise

import pytest
from playwright.sync_api import expect

from testing.browser import FOOTER, patient_page
from testing.docker_engine import PATIENCE, complaints, docker
from testing.expected_warnings import EXPECTED
from testing.waiting import wait_until
from tests.image.compose import END, TASKS, Compose, running

# The provider recommends a database. In one, results are pickles, by which a task could run code in the scheduler.
EXPECTED_IN_COMPOSE = (*EXPECTED, "result_backend using the protocol `redis`")
COMPONENTS = ["web", "scheduler", "dag-processor", "triggerer", "worker"]


@pytest.fixture(scope="module")
def compose(tmp_path_factory: pytest.TempPathFactory, project: str, line: str) -> Iterator[Compose]:
    with running(tmp_path_factory.mktemp(f"orders-{line}".replace(".", "-")), project, line) as up:
        yield up


def test_every_component_is_healthy_and_logs_no_warnings(compose: Compose) -> None:
    assert unexpected_log_lines(compose, "migrate") == []


def unexpected_log_lines(compose: Compose, *words: str) -> list[str]:
    """Return unexpected warnings of the components; `words` are more services, or options of `docker compose logs`."""
    return complaints(
        compose("logs", "--no-color", "--no-log-prefix", *words, *COMPONENTS), EXPECTED_IN_COMPOSE
    )


def test_footer_shows_the_projects_image_tag(compose: Compose) -> None:
    url = "http://" + compose("port", "web", "8080").strip()
    with patient_page(300_000) as page:
        page.goto(url)
        page.fill("input[name=username]", "airflow")
        page.fill("input[name=password]", compose.secret("login/password"))
        page.click("[type=submit]")
        expect(page.locator(FOOTER)).to_contain_text(compose.environ["IMAGE"])


def test_stopped_workers_finish_their_tasks_first(compose: Compose) -> None:
    compose.trigger("single")
    wait_until(lambda: "alone" in compose.marks(), lambda: compose("logs", "scheduler", "worker"))
    compose("stop", "worker")
    assert compose.exit_codes("worker") == {("worker", "0")}
    compose("start", "worker")
    wait_until(
        lambda: compose.count("single", "success") == 1, lambda: compose("logs", "scheduler", "worker")
    )
    assert len(compose.marks()["alone"]) == 1
    assert unexpected_log_lines(compose) == []


def test_no_task_is_lost_or_runs_twice_if_a_worker_and_the_scheduler_are_killed(
    compose: Compose,
) -> None:
    compose.trigger("many")
    wait_until(
        lambda: len(marks_of_many(compose)) == TASKS,
        lambda: compose("logs", "scheduler"),
        seconds=PATIENCE,
    )
    assert compose.count("many", "running") == TASKS
    killed = [compose.containers("worker")[0], *compose.containers("scheduler")]
    docker("kill", "--signal", "KILL", *killed)
    assert compose.exit_codes("scheduler") == {("scheduler", "137")}
    docker("start", *killed)
    wait_until(
        lambda: any(len(spans) > 1 for spans in marks_of_many(compose).values()),
        lambda: f"no task was on the worker that was killed\n{compose('logs', 'scheduler')}",
        seconds=PATIENCE,
    )
    compose("exec", "-T", "web", "touch", END)
    run = "SELECT state FROM dag_run WHERE dag_id = 'many'"
    wait_until(
        lambda: compose.sql(run) == [["success"]], lambda: compose("logs", "scheduler"), seconds=PATIENCE
    )
    assert compose.count("many", "success") == TASKS
    marks = marks_of_many(compose)
    assert not [
        spans for spans in marks.values() for first, second in pairwise(spans) if second[0] <= first[1]
    ]


def marks_of_many(compose: Compose) -> dict[str, list[tuple[float, float]]]:
    return {task: spans for task, spans in compose.marks().items() if task != "alone"}


def test_every_component_exits_with_0_when_it_is_stopped(compose: Compose) -> None:
    before = datetime.now(timezone.utc).isoformat()  # the kills above cause warnings
    compose("stop", "--timeout", "300", *COMPONENTS)
    assert compose.exit_codes(*COMPONENTS) == {(name, "0") for name in COMPONENTS}
    assert unexpected_log_lines(compose, "--since", before) == []
