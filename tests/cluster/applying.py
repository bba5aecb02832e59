"""What the API server says of a Vk8s that somebody applies."""

import json
import re

from hooks.kubernetes.manifest import Manifest
from testbed.host_cluster import HostCluster
from testbed.kubectl import KubectlError


def try_apply(cluster: HostCluster, vk8s: Manifest) -> str:
    """What the API server says, empty where it would take it; nothing is stored."""
    return _try("apply", cluster, vk8s)


def try_create(cluster: HostCluster, objects: list[Manifest]) -> str:
    """What the API server says of each object that it would not take; nothing is stored."""
    return _try("create", cluster, {"apiVersion": "v1", "kind": "List", "items": objects})


def _try(command: str, cluster: HostCluster, manifest: Manifest) -> str:
    try:
        cluster.kubectl.run(command, "--dry-run=server", "--filename=-", stdin=json.dumps(manifest))
    except KubectlError as error:
        return str(error)
    return ""


def forget_types(message: str) -> str:
    """Without the API server's own words between a field and our sentence."""
    return re.sub(r'Invalid value: (("[^"]*"|-?[0-9]+): )?', "", message)
