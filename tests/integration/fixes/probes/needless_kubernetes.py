"""Which Kubernetes clients a command imports, and whether pods work after that: `needless_kubernetes WORDS`."""

from __future__ import annotations

import sys

sys.argv = ["airflow", *sys.argv[1:]]  # as Airflow's start finds it

import airflow.__main__  # noqa: E402, F401

from testing.proof import report  # noqa: E402

CLIENTS = ("kubernetes", "kubernetes_asyncio")
imported = [name for name in CLIENTS if name in sys.modules]

from airflow.utils.log.secrets_masker import redact  # noqa: E402

plain = redact({"password": "a-secret-value", "other": ["a value"]})
after_masking = [name for name in CLIENTS if name in sys.modules]

from airflow import exceptions  # noqa: E402
from airflow.providers.cncf.kubernetes import exceptions as of_provider  # noqa: E402
from airflow.providers.cncf.kubernetes import pod_generator  # noqa: E402
from airflow.serialization.serialized_objects import BaseSerialization  # noqa: E402
from kubernetes.client import models as k8s  # noqa: E402

NAMES = ("PodMutationHookException", "PodReconciliationError")
pod = k8s.V1Pod(metadata=k8s.V1ObjectMeta(name="pod"))
back = BaseSerialization.deserialize(BaseSerialization.serialize(pod))
hidden = redact(k8s.V1EnvVar(name="password", value="a-secret-value"))
report(
    {
        "imported": imported,
        "plain": plain,
        "after masking": after_masking,
        "same": [
            getattr(exceptions, name) is getattr(of_provider, name) is getattr(pod_generator, name)
            for name in NAMES
        ],
        "pod": [isinstance(back, k8s.V1Pod), back == pod],
        "masked": hidden.to_dict() if hasattr(hidden, "to_dict") else hidden,
        "generator": pod_generator.PodGenerator.__name__,
    }
)
