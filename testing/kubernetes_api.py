"""A fake Kubernetes: an API server that accepts every pod and runs none."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

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
# What a client requests before it requests pods, and the pods: none of those that were created runs.
RESPONSES: dict[str, dict[str, Any]] = {
    "/version": {"major": "1", "minor": "34"},
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "groups": []},
    "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": [PODS]},
    "/api/v1/namespaces/default/pods": {
        "kind": "PodList",
        "apiVersion": "v1",
        "metadata": {"resourceVersion": "1"},
        "items": [],
    },
}


class FakeKubernetes:
    """The pods that were created, and the settings that point Airflow to this API server."""

    def __init__(self, home: Path, port: int) -> None:
        self.pods: list[dict[str, Any]] = []
        (home / "template.yaml").write_text(TEMPLATE)
        (home / "kubeconfig").write_text(KUBECONFIG.format(port=port))
        self.environ = {
            "AIRFLOW__KUBERNETES_EXECUTOR__IN_CLUSTER": "False",
            "AIRFLOW__KUBERNETES_EXECUTOR__CONFIG_FILE": str(home / "kubeconfig"),
            "AIRFLOW__KUBERNETES_EXECUTOR__POD_TEMPLATE_FILE": str(home / "template.yaml"),
            "AIRFLOW__KUBERNETES_EXECUTOR__NAMESPACE": "default",
        }


@contextmanager
def fake_kubernetes(home: Path) -> Iterator[FakeKubernetes]:
    """Run the API server on a free port; its kubeconfig is in `home`."""
    ended = threading.Event()

    class PodHandler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if "watch=" in self.path:
                self.send_response(200)
                self.end_headers()
                ended.wait(20)  # nothing happens to a pod
                return
            body = RESPONSES.get(self.path.partition("?")[0].rstrip("/"))
            self._respond(200 if body else 404, body or {})

        def do_POST(self) -> None:
            pod = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            fake.pods.append(pod)
            pod["metadata"] |= {"resourceVersion": "1", "uid": str(len(fake.pods))}
            self._respond(201, {**pod, "status": {"phase": "Pending"}})

        def do_PATCH(self) -> None:
            self._respond(200, {})

        do_DELETE = do_PATCH  # noqa: N815

        def _respond(self, status: int, body: dict[str, Any]) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), PodHandler) as server:
        server.daemon_threads = True
        fake = FakeKubernetes(home, server.server_port)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield fake
        ended.set()
        server.shutdown()
