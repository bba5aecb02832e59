"""Metacontroller: whether the cluster has what the installation needs of it, and whether another one runs already."""

import re
from collections.abc import Iterator
from typing import Final

from hooks.kubernetes.manifest import Manifest
from hooks.setup.api import Api

VERSION: Final = "v4.17.2"
CRD: Final = "compositecontrollers.metacontroller.k8s.io"
CRDS_URL: Final = (
    "https://raw.githubusercontent.com/metacontroller/metacontroller/"
    f"{VERSION}/manifests/production/metacontroller-crds-v1.yaml"
)
_IMAGE: Final = re.compile(r"(^|/)metacontroller([:@]|$)")
_WORKLOADS: Final = {"deployments": "deployment", "statefulsets": "statefulset"}


def check_crds(api: Api) -> Iterator[str]:
    """What is wrong with Metacontroller's CRDs, as a sentence."""
    found = api.find(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{CRD}")
    if found is None:
        yield (
            "Metacontroller's CRDs are not in this cluster. Apply them first, then try again: "
            f"kubectl apply --server-side -f {CRDS_URL}"
        )
    elif not all("endpointConfigs" in str(version.get("schema")) for version in found["spec"]["versions"]):
        yield (
            "The Metacontroller of this cluster is too old: it can't be given a CA and a token (endpointConfigs). "
            f"Upgrade it and its CRDs to {VERSION} first."
        )


def find_other(api: Api, namespace: str) -> str | None:
    """`namespace kind/name` of a Metacontroller outside of that namespace."""
    for resource, kind in _WORKLOADS.items():
        for each in api.list_items(f"/apis/apps/v1/{resource}"):
            metadata = each["metadata"]
            if metadata["namespace"] != namespace and _is_metacontroller(each):
                return f"{metadata['namespace']} {kind}/{metadata['name']}"
    return None


def _is_metacontroller(workload: Manifest) -> bool:
    containers = workload["spec"]["template"]["spec"]["containers"]
    return any(_IMAGE.search(container.get("image", "")) for container in containers)
