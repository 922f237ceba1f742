"""compose.yaml: up to healthy, the footer, and a DAG run to success though a worker and the scheduler are killed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

import pytest
from playwright.sync_api import expect

from tests.browser import FOOTER, chromium
from tests.image.compose import TASKS, Compose, running
from tests.image.docker import complaints, docker, until

MARKS = "/usr/local/airflow/logs/marks"
# What Airflow and its libraries say of themselves, whatever we do.
EXPECTED = (
    "py.warnings",  # deprecations within Airflow's own code
    "appbuilder.app is deprecated",
    "No user yet created",  # the user is created right after
    "setting the --factory flag",  # uvicorn, of Airflow's own log server
    "dag_processor/stale_bundle_cleanup_interval",  # the Celery provider asks 2.11 for an option of Airflow 3
)


@pytest.fixture(scope="module")
def compose(tmp_path_factory: pytest.TempPathFactory, project: str, line: str) -> Iterator[Compose]:
    with running(tmp_path_factory.mktemp("orders"), project, line) as up:
        yield up


def count(compose: Compose, state: str) -> int:
    return int(compose.sql(f"SELECT count(*) FROM task_instance WHERE state = '{state}'")[0][0])


def tries(compose: Compose) -> dict[str, list[tuple[float, float]]]:
    """Return, by task, when the first and the last sign of life of each try was given, in order."""
    listed = compose(
        "exec", "-T", "worker", "bash", "-c", f"cd {MARKS}; for f in *; do echo $f $(sed -n '1p;$p' $f); done"
    )
    found = defaultdict(list)
    for name, first, last in map(str.split, listed.splitlines()):
        found[name.partition("-")[0]].append((float(first), float(last)))
    return {number: sorted(spans) for number, spans in found.items()}


def test_every_component_is_up_and_complains_of_nothing(compose: Compose) -> None:
    log = compose(
        "logs",
        "--no-color",
        "--no-log-prefix",
        "web",
        "scheduler",
        "dag-processor",
        "triggerer",
        "worker",
        "migrate",
    )
    assert complaints(log, EXPECTED) == []


def test_the_footer_shows_the_tag_that_the_project_was_built_with(compose: Compose) -> None:
    url = "http://" + compose("port", "web", "8080").strip()
    with chromium() as browser:
        page = browser.new_page()
        page.goto(url)
        page.fill("input[name=username]", "airflow")
        page.fill("input[name=password]", "airflow")
        page.click("[type=submit]")
        expect(page.locator(FOOTER)).to_contain_text(compose.environ["IMAGE"], timeout=60_000)


def test_a_worker_and_the_scheduler_are_killed_amid_running_tasks_and_no_task_is_lost_or_doubled(
    compose: Compose,
) -> None:
    compose(
        "exec", "-T", "scheduler", "bash", "-c", "airflow dags unpause marks && airflow dags trigger marks"
    )
    until(lambda: count(compose, "running") == TASKS, lambda: compose("logs", "scheduler"), 300)
    killed = [compose.containers("worker")[0], *compose.containers("scheduler")]
    docker("kill", "--signal", "KILL", *killed)
    assert all(docker("inspect", "--format", "{{.State.ExitCode}}", one) == "137" for one in killed)
    docker("start", *killed)
    until(
        lambda: compose.sql("SELECT state FROM dag_run") == [["success"]],
        lambda: compose("logs", "scheduler"),
        480,
    )
    assert count(compose, "success") == TASKS
    ran = tries(compose)
    assert len(ran) == TASKS
    assert any(len(spans) > 1 for spans in ran.values()), "no task was on the worker that was killed"
    assert not [spans for spans in ran.values() for one, two in pairwise(spans) if two[0] <= one[1]]
