"""The cluster is whole after a fault, also if the matrix is interrupted: the next cells and other tests use it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from testing.entrypoint_process import CHECKOUT
from testing.faults.kubernetes_system import ClusterProcess
from testing.waiting import wait_until

TOOL = """\
#!/bin/bash
case $1 in
env) echo "export KUBECONFIG={run}/kubeconfig" ;;
status) echo "NAME STATUS"; cat "{run}/node" 2>/dev/null; true ;;
stop) echo stop >>"{run}/calls" ;;
start) echo start >>"{run}/calls" ;;
esac
"""
NODES = {"a node": "stand-in Ready\n", "none": "", "a lost one": "stand-in NotReady\n"}


@pytest.fixture
def process(tmp_path: Path) -> Iterator[psutil.Process]:
    with subprocess.Popen(["sleep", "600"]) as started:
        (tmp_path / "kubelet.pid").write_text(str(started.pid))
        wait_until(psutil.Process(started.pid).cmdline)
        yield psutil.Process(started.pid)
        started.kill()


def test_killed_process_of_the_cluster_is_back_after_an_interrupt(
    tmp_path: Path, process: psutil.Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_KUBECONFIG", str(tmp_path / "kubeconfig"))

    def interrupt() -> None:
        with ClusterProcess("kubelet").away():
            assert not process.is_running()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    back = psutil.Process(int((tmp_path / "kubelet.pid").read_text()))
    assert back.pid != process.pid
    # Linux closes the pipe by which Popen learns of the exec before the new program has its arguments.
    assert wait_until(back.cmdline) == ["sleep", "600"]
    back.kill()


@pytest.mark.parametrize(
    ("alive", "node", "calls"),
    [
        (("kubelet", "kube-apiserver"), "a node", []),
        (("kubelet", "kube-apiserver"), "none", ["stop", "start"]),
        (("kube-apiserver",), "a node", ["stop", "start"]),
        (("kube-apiserver",), "a lost one", ["stop", "start"]),
        ((), "none", ["stop", "start"]),
    ],
)
def test_cluster_without_its_node_is_replaced(
    tmp_path: Path, alive: tuple[str, ...], node: str, calls: list[str]
) -> None:
    run, script = tmp_path / "run", tmp_path / "checkout" / "dev" / "test-cluster"
    tool, sleep = tmp_path / "shared" / "tools" / "kubernetes", tmp_path / "bin" / "sleep"
    for path in (run / "node", script, tool, sleep):
        path.parent.mkdir(parents=True)
    (run / "node").write_text(NODES[node])
    script.write_bytes((CHECKOUT / "dev" / "test-cluster").read_bytes())
    tool.write_text(TOOL.format(run=run))
    sleep.write_text("#!/bin/sh\n")  # it does not wait
    for path in (script, tool, sleep):
        path.chmod(0o755)
    environ = {"PATH": f"{sleep.parent}:{os.environ['PATH']}", "TEST_CLUSTER_LOCK": str(tmp_path / "lock")}
    processes = [subprocess.Popen([name, "600"], executable="/bin/sleep") for name in alive]
    for name, started in zip(alive, processes, strict=True):
        (run / f"{name}.pid").write_text(str(started.pid))
    if "kubelet" not in alive:
        (run / "kubelet.pid").write_text("4194305")  # no process has such an id
    done = subprocess.run([script], env=environ, capture_output=True, text=True, timeout=300)
    for started in processes:
        started.kill()
        started.wait()
    assert done.stdout == f"{run}/kubeconfig\n", done.stderr
    recorded = run / "calls"
    assert (recorded.read_text().split() if recorded.exists() else []) == calls
