"""A fake Kubernetes: an API server that accepts every pod and runs none.

A test sets the phase of a pod, and lets the server fail. Lists and watches follow the selectors of the client.
"""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

TEMPLATE = """
apiVersion: v1
kind: Pod
metadata: {name: template}
spec:
  containers: [{name: base, image: airflow}]
"""
KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: fake
contexts: [{{name: fake, context: {{cluster: fake, user: nobody}}}}]
clusters: [{{name: fake, cluster: {{server: "http://127.0.0.1:{port}"}}}}]
users: [{{name: nobody, user: {{}}}}]
"""
PODS = {
    "name": "pods",
    "singularName": "pod",
    "namespaced": True,
    "kind": "Pod",
    "verbs": ["create", "delete", "get", "list", "patch", "watch"],
}
PODS_PATH = "/api/v1/namespaces/default/pods"
CLOSED = 0  # instead of a status: the connection ends without a response
# What a client requests before it requests pods.
RESPONSES: dict[str, dict[str, Any]] = {
    "/version": {"major": "1", "minor": "34"},
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "groups": []},
    "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": [PODS]},
}


def matches(selector: str, labels: Mapping[str, str]) -> bool:
    """Return whether labels match a selector such as `name=value,other!=value`."""
    for term in filter(None, selector.split(",")):
        name, operator, value = term.partition("!=") if "!=" in term else term.partition("=")
        if (labels.get(name) == value) != (operator == "="):
            return False
    return True


class FakeKubernetes:
    """The pods that were created, and the settings that point Airflow to this API server.

    While `failure` is a status, or CLOSED, every request gets it. `requests` counts all requests. No pod in `kept`
    can be deleted.
    """

    def __init__(self, home: Path, port: int) -> None:
        self.pods: list[dict[str, Any]] = []
        self.failure: int | None = None
        self.requests = 0
        self.kept: set[str] = set()
        self._watches: list[tuple[str, queue.Queue[tuple[str, dict[str, Any]]]]] = []
        (home / "template.yaml").write_text(TEMPLATE)
        (home / "kubeconfig").write_text(KUBECONFIG.format(port=port))
        self.environ = {
            "AIRFLOW__KUBERNETES_EXECUTOR__IN_CLUSTER": "False",
            "AIRFLOW__KUBERNETES_EXECUTOR__CONFIG_FILE": str(home / "kubeconfig"),
            "AIRFLOW__KUBERNETES_EXECUTOR__POD_TEMPLATE_FILE": str(home / "template.yaml"),
            "AIRFLOW__KUBERNETES_EXECUTOR__NAMESPACE": "default",
        }

    def create(self, pod: dict[str, Any]) -> dict[str, Any]:
        pod["metadata"] |= {"resourceVersion": "1", "uid": str(len(self.pods) + 1)}
        pod["status"] = {"phase": "Pending"}
        self.pods.append(pod)  # complete: another thread may list it from now on
        self._send("ADDED", pod)
        return pod

    def set_phase(self, pod: dict[str, Any], phase: str) -> None:
        pod["status"] = {"phase": phase}
        self._send("MODIFIED", pod)

    def delete(self, pod: dict[str, Any]) -> None:
        """Delete a pod, as when its node is drained."""
        self.pods.remove(pod)
        pod["metadata"]["deletionTimestamp"] = "2020-01-01T00:00:00Z"
        self._send("DELETED", pod)

    def set_labels(self, name: str, labels: Mapping[str, str]) -> dict[str, Any]:
        """Add labels to a pod. A watch whose selector it no longer matches reports it as deleted."""
        pod = next(pod for pod in self.pods if pod["metadata"]["name"] == name)
        before = {**pod["metadata"]["labels"]}
        pod["metadata"]["labels"] |= labels
        self._send("MODIFIED", pod, before)
        return pod

    def select(self, selector: str) -> list[dict[str, Any]]:
        return [pod for pod in self.pods if matches(selector, pod["metadata"].get("labels", {}))]

    def watch(self, selector: str) -> queue.Queue[tuple[str, dict[str, Any]]]:
        """Return the events of the pods that match a selector from now on, and those that exist."""
        events: queue.Queue[tuple[str, dict[str, Any]]] = queue.Queue()
        self._watches.append((selector, events))
        for pod in self.select(selector):
            events.put(("ADDED", pod))
        return events

    def _send(self, kind: str, pod: dict[str, Any], before: Mapping[str, str] | None = None) -> None:
        labels = pod["metadata"].get("labels", {})
        for selector, events in self._watches:
            if matches(selector, labels):
                events.put((kind, json.loads(json.dumps(pod))))
            elif before is not None and matches(selector, before):
                events.put(("DELETED", json.loads(json.dumps(pod))))


class PodHandler(BaseHTTPRequestHandler):
    """Serves the pods of `fake` until `ended` is set."""

    fake: FakeKubernetes
    ended: threading.Event

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        selector = query.get("labelSelector", [""])[0]
        if self._fail():
            return
        if "watch" in query:
            self._watch(self.fake.watch(selector))
        elif url.path == PODS_PATH:
            pods = {"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}}
            self._respond(200, {**pods, "items": self.fake.select(selector)})
        else:
            body = RESPONSES.get(url.path.rstrip("/"))
            self._respond(200 if body else 404, body or {})

    def do_POST(self) -> None:
        if not self._fail():
            self._respond(201, self.fake.create(self._read()))

    def do_PATCH(self) -> None:
        if not self._fail():
            labels = self._read()["metadata"].get("labels", {})
            name = self.path.partition("?")[0].rpartition("/")[2]
            self._respond(200, self.fake.set_labels(name, labels))

    def do_DELETE(self) -> None:
        name = urlsplit(self.path).path.rpartition("/")[2]
        if not self._fail():
            self._respond(500 if name in self.fake.kept else 200, {})

    def _watch(self, events: queue.Queue[tuple[str, dict[str, Any]]]) -> None:
        self.protocol_version = "HTTP/1.1"  # has chunks, each of which the client reads at once
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        with suppress(OSError):  # the client has gone
            while not self.ended.is_set():
                with suppress(queue.Empty):
                    kind, pod = events.get(timeout=0.1)
                    line = json.dumps({"type": kind, "object": pod}).encode() + b"\n"
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))

    def _read(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        return body

    def _fail(self) -> bool:
        self.fake.requests += 1
        if self.fake.failure:
            self._respond(self.fake.failure, {"message": "the server is away"})
        return self.fake.failure is not None

    def _respond(self, status: int, body: dict[str, Any]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def fake_kubernetes(home: Path) -> Iterator[FakeKubernetes]:
    """Run the API server on a free port; its kubeconfig is in `home`."""
    handler: Any = type("Handler", (PodHandler,), {"ended": threading.Event()})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        handler.fake = FakeKubernetes(home, server.server_port)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield handler.fake
        handler.ended.set()
        server.shutdown()
