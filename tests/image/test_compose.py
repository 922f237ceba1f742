"""compose.yaml: up to healthy, the footer, and a DAG run to success though a worker and the scheduler are killed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from itertools import pairwise

import pytest
from playwright.sync_api import expect

from testing.browser import FOOTER, chromium
from tests.image.compose import TASKS, Compose, running
from tests.image.docker import complaints, docker, until
from tests.image.expected import EXPECTED

PARTS = ["web", "scheduler", "dag-processor", "triggerer", "worker"]


@pytest.fixture(scope="module")
def compose(tmp_path_factory: pytest.TempPathFactory, project: str, line: str) -> Iterator[Compose]:
    with running(tmp_path_factory.mktemp(f"orders-{line}".replace(".", "-")), project, line) as up:
        yield up


def test_every_component_is_up_and_complains_of_nothing(compose: Compose) -> None:
    assert complained(compose, "migrate") == []


def complained(compose: Compose, *words: str) -> list[str]:
    """Return what the components complain of; `words` are more services, or options of `docker compose logs`."""
    return complaints(compose("logs", "--no-color", "--no-log-prefix", *words, *PARTS), EXPECTED)


def test_the_footer_shows_the_tag_that_the_project_was_built_with(compose: Compose) -> None:
    url = "http://" + compose("port", "web", "8080").strip()
    with chromium() as browser:
        page = browser.new_page()
        page.goto(url)
        page.fill("input[name=username]", "airflow")
        page.fill("input[name=password]", "airflow")
        page.click("[type=submit]")
        expect(page.locator(FOOTER)).to_contain_text(compose.environ["IMAGE"], timeout=60_000)


def test_workers_that_are_stopped_finish_their_tasks_first(compose: Compose) -> None:
    compose.trigger("one")
    until(lambda: "alone" in compose.marks(), lambda: compose("logs", "scheduler", "worker"))
    compose("stop", "worker")
    assert compose.exit_codes("worker") == {("worker", "0")}
    compose("start", "worker")
    until(lambda: compose.count("one", "success") == 1, lambda: compose("logs", "scheduler", "worker"))
    assert len(compose.marks()["alone"]) == 1
    assert complained(compose) == []


def test_a_worker_and_the_scheduler_are_killed_amid_running_tasks_and_no_task_is_lost_or_doubled(
    compose: Compose,
) -> None:
    compose.trigger("many")
    until(lambda: len(of_many(compose)) == TASKS, lambda: compose("logs", "scheduler"), 300)
    assert compose.count("many", "running") == TASKS
    killed = [compose.containers("worker")[0], *compose.containers("scheduler")]
    docker("kill", "--signal", "KILL", *killed)
    assert compose.exit_codes("scheduler") == {("scheduler", "137")}
    docker("start", *killed)
    run = "SELECT state FROM dag_run WHERE dag_id = 'many'"
    until(lambda: compose.sql(run) == [["success"]], lambda: compose("logs", "scheduler"), 480)
    assert compose.count("many", "success") == TASKS
    ran = of_many(compose)
    assert any(len(spans) > 1 for spans in ran.values()), "no task was on the worker that was killed"
    assert not [spans for spans in ran.values() for one, two in pairwise(spans) if two[0] <= one[1]]


def of_many(compose: Compose) -> dict[str, list[tuple[float, float]]]:
    return {task: spans for task, spans in compose.marks().items() if task != "alone"}


def test_every_component_ends_within_its_grace_when_it_is_stopped(compose: Compose) -> None:
    before = datetime.now(timezone.utc).isoformat()  # the kills above leave complaints of their own
    compose("stop", "--timeout", "30", *PARTS)
    assert compose.exit_codes(*PARTS) == {(part, "0") for part in PARTS}
    assert complained(compose, "--since", before) == []
