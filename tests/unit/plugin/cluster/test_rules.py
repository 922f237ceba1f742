"""What is safe in the middle of a rolling upgrade, and what is not."""

from __future__ import annotations

import pytest

from astro_runtime_plugin.cluster import rules
from astro_runtime_plugin.cluster.facts import JobBeat
from astro_runtime_plugin.cluster.finding import ClusterFinding, safety_code
from astro_runtime_plugin.inventory.listing import ComponentRow, RunningComponent, component_row, iso_utc
from entrypoint.errors import NOT_SAFE, UNKNOWN

OK_ONE = [("ok", "alive: 1 scheduler")]
OK, WRONG, UNSURE = (ClusterFinding("check", state, "") for state in ("ok", "not safe", "unknown"))


def component(name: str, tag: str = "orders:7", host: str = "a", release: str = "3.3-1") -> RunningComponent:
    return RunningComponent(name, host, tag, release, iso_utc(0))


def process(name: str, host: str = "a", started: float = 0, *, ending: bool = False) -> ComponentRow:
    """Return the row of a process that is alive."""
    running = component(name, host=host)._replace(since=iso_utc(started))
    return ComponentRow.model_validate({**component_row(running, 0, 30), "ending": ending})


def beat(name: str, age: float = 1, host: str = "a", started: float = 1) -> JobBeat:
    return JobBeat(name, host, age, 30, iso_utc(started))


def states(*findings: ClusterFinding) -> list[tuple[str, str]]:
    return [(finding.state, finding.finding) for finding in findings]


@pytest.mark.parametrize(
    ("findings", "code"),
    [([], 0), ([OK, OK], 0), ([OK, UNSURE], UNKNOWN), ([UNSURE, WRONG, OK], NOT_SAFE)],
)
def test_exit_code_is_that_of_the_worst_finding(findings: list[ClusterFinding], code: int) -> None:
    assert safety_code(findings) == code


@pytest.mark.parametrize(
    ("revision", "state"), [("current", "ok"), ("behind", "not safe"), ("ahead", "unknown")]
)
def test_pending_migration_is_not_safe(revision: str, state: str) -> None:
    assert rules.judge_schema(revision).state == state


def test_component_of_each_kind_must_be_alive() -> None:
    beats = [beat("scheduler"), beat("scheduler"), beat("dag-processor")]
    findings = rules.judge_components("3.3", beats, [process("api-server")], {"scheduler", "celery flower"})
    assert states(*findings) == [("ok", "alive: 1 api-server, 1 dag-processor, 2 scheduler")]


def test_silent_scheduler_is_not_alive_although_its_process_records_itself() -> None:
    live = [process("scheduler"), process("webserver")]
    findings = rules.judge_components("2.11", [beat("scheduler", age=31)], live, set())
    assert states(*findings) == [("not safe", "no scheduler is alive")]


def test_scheduler_that_waits_for_its_last_tasks_does_not_count() -> None:
    live = [process("scheduler", ending=True), process("scheduler", "b", ending=True)]
    beats = [beat("scheduler"), beat("scheduler", 31, "b")]
    findings = rules.judge_components("2.11", beats, live, set())
    assert states(*findings) == [("not safe", "no scheduler is alive, except for one that is ending")]
    other = rules.judge_components("2.11", [*beats, beat("scheduler", host="c")], live, set())
    assert states(*other) == [("ok", "alive: 1 scheduler")]


@pytest.mark.parametrize(
    ("jobs", "expected"),
    [
        ([101], OK_ONE),
        ([1, 101], OK_ONE),
        ([1], [("not safe", "no scheduler is alive, except for one that is ending")]),
        ([], [("not safe", "no scheduler is alive")]),
    ],
    ids=["old one has ended", "both run", "new one has no job yet", "none"],
)
def test_scheduler_counts_although_the_one_before_it_had_the_same_host_name(
    jobs: list[float], expected: list[tuple[str, str]]
) -> None:
    live = [process("scheduler", started=100), process("scheduler", started=0, ending=True)]
    beats = [beat("scheduler", started=started) for started in jobs]
    assert states(*rules.judge_components("2.11", beats, live, set())) == expected


def test_only_scheduler_of_a_host_is_recognized_whatever_its_clock_says() -> None:
    live = [process("scheduler", started=100, ending=True)]
    findings = rules.judge_components("2.11", [beat("scheduler", started=1)], live, set())
    assert states(*findings) == [("not safe", "no scheduler is alive, except for one that is ending")]


def test_component_that_ran_within_the_last_hour_is_missed() -> None:
    recent = {"triggerer", "webserver", "celery flower"}
    findings = rules.judge_components("2.11", [beat("scheduler")], [], recent)
    assert states(*findings) == [("not safe", "no triggerer is alive"), ("not safe", "no webserver is alive")]


def test_one_image_is_safe() -> None:
    findings = rules.judge_images([component("scheduler"), component("triggerer")], 30)
    assert states(*findings) == [("ok", "all components run orders:7 (release 3.3-1)")]


def test_upgrade_between_two_kinds_of_components_is_safe() -> None:
    running = [
        component("api-server", "3.3-2", release="3.3-2"),
        component("scheduler"),
        component("triggerer"),
    ]
    findings = rules.judge_images(running, 30)
    assert states(*findings) == [
        ("ok", "api-server: 3.3-2; scheduler, triggerer: orders:7 (release 3.3-1)"),
    ]


def test_two_images_of_one_kind_are_not_safe() -> None:
    running = [component("scheduler"), component("scheduler", "orders:8", host="b"), component("triggerer")]
    (finding,) = rules.judge_images(running, 30)
    assert states(finding) == [
        ("not safe", "scheduler: 1 with orders:7 (release 3.3-1), 1 with orders:8 (release 3.3-1)")
    ]
    assert "up to 30 s more" in finding.remedy


def test_no_recorded_component_is_unknown() -> None:
    assert [finding.state for finding in rules.judge_images([], 30)] == ["unknown"]


def test_tasks_of_a_dead_scheduler_are_not_safe() -> None:
    assert rules.judge_orphans(0, 60).state == "ok"
    assert states(rules.judge_orphans(2, 60)) == [("not safe", "tasks of a scheduler that is gone: 2")]
