"""Faults of a Kubernetes cluster: its API server, its node, and the pods of tasks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import psutil  # type: ignore[import-untyped]

from bench.faults.component_faults import kill, terminate
from bench.faults.system_fault import KUBERNETES, RESUME_SECONDS, SystemFault
from bench.faults.victim import check_hit, check_not_over, choose_victim
from testing.faults.attempts import AirflowTry, TaskId, round_of
from testing.faults.kubernetes_system import ClusterProcess, KubernetesSystem
from testing.faults.trial import FaultTrial
from testing.kubernetes_proxy import CLOSED

AWAY_SECONDS, RESTART_SECONDS, ERROR_SECONDS, NODE_SECONDS, WATCH_SECONDS = 75, 20, 60, 90, 10


def system_of(trial: FaultTrial) -> KubernetesSystem:
    """Return the system of a trial."""
    assert isinstance(trial.system, KubernetesSystem)
    return trial.system


def fail(status: int, seconds: float) -> Callable[[FaultTrial], None]:
    """Let the API server answer with a status for a while, or CLOSED: cut every connection."""

    def inject(trial: FaultTrial) -> None:
        proxy = system_of(trial).kubernetes.proxy
        proxy.failure = status
        if status == CLOSED:
            proxy.cut()
        time.sleep(seconds)
        proxy.failure = None

    return inject


def kill_api_server(trial: FaultTrial) -> None:
    """Kill the API server, and start it again after a while."""
    with ClusterProcess("kube-apiserver").away():
        time.sleep(RESTART_SECONDS)


def lose_watch_history(trial: FaultTrial) -> None:
    """End the watches; for a while, new ones begin with a version that the API server no longer has: 410."""
    proxy = system_of(trial).kubernetes.proxy
    proxy.forgetful = True
    proxy.cut()
    time.sleep(WATCH_SECONDS)
    proxy.forgetful = False


def kill_pod(trial: FaultTrial) -> None:
    """Kill all processes of a pod at once, as the kernel does when the pod is out of memory."""
    task = psutil.Process(choose_victim(trial).pid)
    parents = [task, *task.parents()]
    kubelet = next(place for place, parent in enumerate(parents) if "kubelet" in " ".join(parent.cmdline()))
    check_hit(trial.kill_family(parents[kubelet - 1]))  # the first process of the container


def evict_pod(trial: FaultTrial) -> None:
    """Delete the pod of a task with its grace period, as when its node is drained."""
    victim = choose_victim(trial)
    trial.strike([AirflowTry(victim.task, victim.try_number)])
    kubernetes = system_of(trial).kubernetes
    kubernetes.evict(next(pod for pod in kubernetes.pods if try_of(pod).task == victim.task))
    check_not_over(trial, victim)


def try_of(pod: Any) -> AirflowTry:
    """Return the try of a pod, from the annotations that KubernetesExecutor writes."""
    annotations = pod.metadata.annotations
    index = int(annotations.get("map_index", -1))
    task = TaskId(annotations["dag_id"], annotations["task_id"], index, round_of(annotations["run_id"]))
    return AirflowTry(task, int(annotations["try_number"]))


def lose_node(trial: FaultTrial) -> None:
    """Kill the node with all of its pods, and forget it, as a cloud does; another one takes its place later."""
    node = ClusterProcess("kubelet")
    kubernetes = system_of(trial).kubernetes
    check_hit(trial.strike(try_of(pod) for pod in kubernetes.pods))  # also those whose code has not begun
    with node.away():
        kubernetes.delete_nodes()
        time.sleep(NODE_SECONDS)


def kubernetes_faults() -> Iterator[SystemFault]:
    """Yield the faults of a cluster."""
    injections = {
        "api-away": (f"the Kubernetes API server away for {AWAY_SECONDS} s", fail(CLOSED, AWAY_SECONDS)),
        "api-kill": (
            f"the Kubernetes API server: SIGKILL, back after {RESTART_SECONDS} s",
            kill_api_server,
        ),
        "429": (f"the Kubernetes API server answers 429 for {ERROR_SECONDS} s", fail(429, ERROR_SECONDS)),
        "503": (f"the Kubernetes API server answers 503 for {ERROR_SECONDS} s", fail(503, ERROR_SECONDS)),
        "410": ("the watch of the pods ends, and its history is gone (410)", lose_watch_history),
        "pod-kill": ("a pod: SIGKILL of all processes, as when it is out of memory", kill_pod),
        "pod-eviction": ("a pod is evicted", evict_pod),
        "node-loss": (
            f"the only node is lost with all pods, another comes after {NODE_SECONDS} s",
            lose_node,
        ),
    }
    for name, (text, inject) in injections.items():
        yield SystemFault(f"kubernetes-{name}", text, inject, KUBERNETES)
    for way, signal, fault in (("kill", "SIGKILL", kill), ("terminate", "SIGTERM", terminate)):
        yield SystemFault(
            f"kubernetes-scheduler-{way}",
            f"one of two schedulers: {signal}",
            fault("scheduler-0"),
            KUBERNETES,
            limit=RESUME_SECONDS,
            beyond_queue=True,
        )
