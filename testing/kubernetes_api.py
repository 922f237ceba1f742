"""A namespace of its own on a real Kubernetes API server, behind a proxy that injects faults.

No node runs the pods, unless a test asks for it: their scheduler does not exist, and a test sets their phases.
"""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from testing.entrypoint_process import CHECKOUT
from testing.kubernetes_proxy import KubernetesProxy, kubernetes_proxy
from testing.waiting import wait_until

# The first call on a machine builds the cluster, while the other test processes wait for it.
BUILD_SECONDS = 1200
TEMPLATE = """
apiVersion: v1
kind: Pod
metadata: {name: template}
spec:
  schedulerName: nobody
  containers: [{name: base, image: airflow}]
"""
KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: test
contexts: [{{name: test, context: {{cluster: test, user: nobody}}}}]
clusters: [{{name: test, cluster: {{server: "{url}"}}}}]
users: [{{name: nobody, user: {{}}}}]
"""
# For the process of a probe, whose environment has nothing else of this one.
KUBERNETES_EXECUTOR = {
    "AIRFLOW__CORE__EXECUTOR": "KubernetesExecutor",
    **{name: os.environ[name] for name in ("TEST_KUBECONFIG",) if name in os.environ},
}


class KubernetesNamespace:
    """The pods of a namespace, and the settings that point Airflow to it, through `proxy`."""

    def __init__(self, home: Path, client: Any, name: str, proxy: KubernetesProxy) -> None:
        self.name, self.proxy = name, proxy
        self._client = client
        (home / "template.yaml").write_text(TEMPLATE)
        (home / "kubeconfig").write_text(KUBECONFIG.format(url=proxy.url))
        self.environ = {
            "AIRFLOW__KUBERNETES_EXECUTOR__IN_CLUSTER": "False",
            "AIRFLOW__KUBERNETES_EXECUTOR__CONFIG_FILE": str(home / "kubeconfig"),
            "AIRFLOW__KUBERNETES_EXECUTOR__POD_TEMPLATE_FILE": str(home / "template.yaml"),
            "AIRFLOW__KUBERNETES_EXECUTOR__NAMESPACE": name,
        }

    @property
    def pods(self) -> list[Any]:
        """The pods, in the order of their tasks' ids."""
        pods = self._client.list_namespaced_pod(self.name).items
        return sorted(pods, key=lambda pod: str(pod.metadata.annotations["task_id"]))

    def set_phase(self, pod: Any, phase: str) -> None:
        """Let a pod have a phase, as the node that runs it does."""
        self._client.patch_namespaced_pod_status(pod.metadata.name, self.name, {"status": {"phase": phase}})

    def hold(self, pod: Any, *finalizers: str) -> None:
        """Let a pod that is deleted stay until its finalizers are removed: those of a later call replace them."""
        body = {"metadata": {"finalizers": [*finalizers]}}
        self._client.patch_namespaced_pod(
            pod.metadata.name, self.name, body, _content_type="application/merge-patch+json"
        )

    def delete(self, pod: Any) -> None:
        """Delete a pod at once, as when its node is gone."""
        self._client.delete_namespaced_pod(pod.metadata.name, self.name, grace_period_seconds=0)

    def evict(self, pod: Any) -> None:
        """Delete a pod with its grace period, as when its node is drained."""
        self._client.delete_namespaced_pod(pod.metadata.name, self.name)

    def delete_nodes(self) -> None:
        """Delete all nodes; the cluster forces the deletion of their pods a minute later."""
        self._client.delete_collection_node()


def kubeconfig() -> Path:
    """Return the kubeconfig of the cluster of the tests, which is started if need be."""
    command = [CHECKOUT / "dev" / "test-cluster"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=BUILD_SECONDS, check=True)
    return Path(done.stdout.strip())


def load_configuration() -> Any:
    """Return the Kubernetes client's configuration for that cluster."""
    from kubernetes import client, config

    configuration = client.Configuration()
    config.load_kube_config(str(kubeconfig()), client_configuration=configuration)
    configuration.proxy = None  # that of the environment: the cluster is on this machine
    return configuration


@contextmanager
def kubernetes_namespace(home: Path) -> Iterator[KubernetesNamespace]:
    """Create a namespace until the end of the block; its kubeconfig is in `home`."""
    from kubernetes import client

    configuration, name = load_configuration(), f"test-{uuid.uuid4().hex[:12]}"
    api = client.CoreV1Api(client.ApiClient(configuration))
    api.create_namespace({"metadata": {"name": name}})
    try:
        # Without it, no pod can be created.
        wait_until(lambda: api.list_namespaced_service_account(name).items)
        with kubernetes_proxy(configuration) as proxy:
            yield KubernetesNamespace(home, api, name, proxy)
    finally:
        api.delete_namespace(name)
