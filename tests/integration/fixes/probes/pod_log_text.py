"""Reads a pod's log with the Kubernetes client and with Airflow's hook."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from airflow.providers.cncf.kubernetes.hooks.kubernetes import KubernetesHook
from kubernetes import client  # type: ignore[import-untyped]

from testing.proof import report

LOGS = {"pod": "Grüße\nfrom a pod\n".encode(), "latin": b"\xff"}


class LogHandler(BaseHTTPRequestHandler):
    """Answers as an API server does."""

    def do_GET(self) -> None:
        pod = self.path.split("/pods/")[1].split("/")[0]
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(LOGS[pod])

    def log_message(self, *_: object) -> None:
        pass


with HTTPServer(("127.0.0.1", 0), LogHandler) as server:
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    core = client.CoreV1Api(client.ApiClient(client.Configuration(host=url)))
    hook = KubernetesHook()
    hook.core_v1_client = core
    report(
        {
            "client": core.read_namespaced_pod_log("pod", "default"),
            "not UTF-8": core.read_namespaced_pod_log("latin", "default"),
            "Airflow": hook.get_pod_logs("pod", namespace="default").read().decode(),
        }
    )
    server.shutdown()
