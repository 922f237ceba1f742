"""Whether schema, components and images let a rolling upgrade go on, from the facts. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from astro_runtime_plugin.cluster.facts import JobBeat
from astro_runtime_plugin.cluster.finding import ClusterFinding
from astro_runtime_plugin.component import (
    API_SERVER,
    DAG_PROCESSOR,
    JOB_TYPES,
    SCHEDULER,
    WEB_SERVERS,
)
from astro_runtime_plugin.inventory.listing import ComponentRow, RunningComponent, merge_processes
from astro_runtime_plugin.releases.running_image import RunningImage

MIGRATION, COMPONENTS, IMAGES = "migration", "components", "images"
ORPHANS = "orphaned tasks"
CURRENT, BEHIND, AHEAD = "current", "behind", "ahead"
# The components that every installation of a line has. A DAG processor of Airflow 2 may be part of the scheduler.
REQUIRED = {"3.3": (API_SERVER, SCHEDULER, DAG_PROCESSOR), "2.11": (SCHEDULER,)}


def judge_schema(state: str) -> ClusterFinding:
    """Judge the revision of the database, compared with the newest of this image."""
    if state == CURRENT:
        return ClusterFinding(MIGRATION, "ok", "the database has the newest revision of this image")
    if state == AHEAD:
        text = "the database has a revision that this image does not know: a newer image has migrated it"
        return ClusterFinding(MIGRATION, "unknown", text, "ask again with the newer image")
    text = "a migration is pending: the database has an older revision than this image"
    return ClusterFinding(
        MIGRATION, "not safe", text, "run `airflow db migrate` with this image before any component of it"
    )


def judge_components(
    line: str,
    beats: Collection[JobBeat],
    live: Collection[ComponentRow],
    recent: Collection[str],
) -> Iterator[ClusterFinding]:
    """Judge which kinds of components are alive; `recent` are those that recorded themselves within the last hour.

    A component with a job is alive if the job has a heartbeat: its process may run although its loop hangs. One that
    is ending has heartbeats, too, and does not count: it only waits for what it has begun.
    """
    ending = Counter(beat.component for beat in beats if beat.is_alive and is_ending(beat, live))
    alive = Counter(beat.component for beat in beats if beat.is_alive) - ending
    alive.update(row.component for row in merge_processes(live) if row.component not in JOB_TYPES)
    expected = {*REQUIRED[line], *(name for name in recent if name in JOB_TYPES or name in WEB_SERVERS)}
    for name in sorted(expected - alive.keys()):
        yield ClusterFinding(
            COMPONENTS,
            "not safe",
            f"no {name} is alive{', except for one that is ending' if name in ending else ''}",
            f"start one, or find out from its log why the {name} ended",
        )
    if expected <= alive.keys():
        counts = ", ".join(f"{count} {name}" for name, count in sorted(alive.items()))
        yield ClusterFinding(COMPONENTS, "ok", f"alive: {counts}")


def is_ending(beat: JobBeat, live: Iterable[ComponentRow]) -> bool:
    """Whether the process of a job begins nothing new.

    That is the last one on the job's host that started before the job: the row of a process that has ended stays for
    a while, and the process that takes its place may have the same host name.
    """
    rows = [row for row in live if (row.component, row.host) == (beat.component, beat.host)]
    rows.sort(key=lambda row: row.since)
    earlier = [row for row in rows if row.since <= beat.since] or rows[:1]  # their clocks may differ
    return bool(earlier) and earlier[-1].ending


def judge_images(running: Collection[RunningComponent], seconds: float) -> Iterator[ClusterFinding]:
    """Judge which images run: those of one kind of component must not differ; `seconds` after its end one is gone."""
    if not running:
        text = "no component has recorded its image"
        yield ClusterFinding(IMAGES, "unknown", text, "look at the components' logs for the reason")
        return
    images: dict[str, Counter[str]] = {}
    for component in running:
        image = str(RunningImage(component.image_tag, component.release))
        images.setdefault(component.component, Counter())[image] += 1
    for name, counts in sorted(images.items()):
        if len(counts) > 1:
            remedy = f"wait until the old ones have ended; one that has ended counts for up to {seconds:.0f} s more"
            yield ClusterFinding(IMAGES, "not safe", f"{name}: {_count(counts)}", remedy)
    if all(len(counts) == 1 for counts in images.values()):
        yield ClusterFinding(IMAGES, "ok", _compare({name: min(counts) for name, counts in images.items()}))


def _count(counts: Counter[str]) -> str:
    return ", ".join(f"{count} with {image}" for image, count in sorted(counts.items()))


def _compare(images: dict[str, str]) -> str:
    """Say which image each kind of component runs; in the middle of an upgrade they differ."""
    by_image: dict[str, list[str]] = {}
    for name, image in sorted(images.items()):
        by_image.setdefault(image, []).append(name)
    if len(by_image) == 1:
        return f"all components run {min(by_image)}"
    return "; ".join(f"{', '.join(names)}: {image}" for image, names in sorted(by_image.items()))


def judge_orphans(count: int, seconds: float) -> ClusterFinding:
    """Judge the tasks whose scheduler is dead; the others look for such tasks every `seconds`."""
    if not count:
        return ClusterFinding(ORPHANS, "ok", "every queued or running task has a live scheduler")
    text = f"tasks of a scheduler that is gone: {count}"
    return ClusterFinding(
        ORPHANS, "not safe", text, f"wait: a running scheduler looks for such tasks every {seconds:.0f} s"
    )
