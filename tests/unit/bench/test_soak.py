"""The soak: its arguments, its verdict on memory and connections, and its picture."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

from bench.soak.__main__ import parse, possible_faults, run_rounds
from bench.soak.chart import Panel, draw
from bench.soak.growth import MEBIBYTE, measure_growth
from bench.soak.remarks import explain
from testing.faults.component_usage import UsageSample


def sample(minute: float, memory: float, connections: int = 4) -> UsageSample:
    return UsageSample(
        minute * 60, {"worker-0": round(memory * MEBIBYTE)}, {"worker-0": connections}, {"worker-0": 2}
    )


def test_tasks_are_in_proportion_to_the_time() -> None:
    assert parse([]).tasks == 5000
    assert parse(["--minutes", "6"]).tasks == 250
    assert parse(["--minutes", "6", "--tasks", "9", "--seed", "7"]).seed == 7
    assert {fault.name for fault in possible_faults()} >= {"worker-kill", "database-away-40", "task-kill"}


def test_growth_after_the_first_quarter_is_noticed() -> None:
    (flat,) = measure_growth([sample(minute, 100 if minute < 2 else 200 + minute) for minute in range(8)])
    assert (flat.component, flat.starts, flat.is_flat) == ("worker-0", 2, True)
    assert flat.memory == (202.5, 206.5)
    (leak,) = measure_growth([sample(minute, 100 * (minute + 1)) for minute in range(8)])
    assert not leak.is_flat
    (more,) = measure_growth([sample(minute, 100, 4 + minute) for minute in range(8)])
    assert not more.is_flat


def test_growth_is_explained_or_its_reason_is_not_known() -> None:
    growths = measure_growth([sample(minute, 100 * (minute + 1)) for minute in range(8)])
    assert explain("3.3", growths, {}) == ["- worker-0: the reason is not known yet."]
    assert explain("3.3", growths, {("3.3", "worker-0"): "a cache."}) == ["- worker-0: a cache."]
    assert explain("3.3", measure_growth([sample(minute, 100) for minute in range(8)]), {}) == []


def test_round_that_fails_does_not_end_the_soak() -> None:
    begun = []

    def fail() -> None:
        begun.append(1)
        raise AssertionError("airflow dags trigger has failed")

    trial: Any = SimpleNamespace(trigger=fail)
    recorder: Any = SimpleNamespace(seconds=0)
    assert run_rounds(trial, recorder, rounds=3, seconds=0, seed=1) == []
    assert len(begun) == 3


def test_picture_is_svg_with_a_line_for_each_component() -> None:
    lines = {"worker-0": [(0.0, 1.0), (1.0, 250.0)], "api & server": [(0.0, 0.0), (1.0, 3.0)]}
    root = ElementTree.fromstring(draw([Panel("memory, MiB", lines), Panel("connections", {})], [0.5]))
    tag = "{http://www.w3.org/2000/svg}"
    texts = [element.text for element in root.iter(f"{tag}text")]
    assert {"memory, MiB", "connections", "worker-0", "api & server", "400"} <= set(texts)
    points = [element.get("points", "") for element in root.iter(f"{tag}polyline")]
    assert [len(each.split()) for each in points] == [2, 2]
