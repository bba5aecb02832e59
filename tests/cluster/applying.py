"""What the API server says of a Vk8s that somebody applies."""

import json
import re

from hooks.kubernetes.manifest import Manifest
from testbed.host_cluster import HostCluster
from testbed.kubectl import KubectlError


def try_apply(cluster: HostCluster, vk8s: Manifest) -> str:
    """What the API server says, empty where it would take it; nothing is stored."""
    try:
        cluster.kubectl.run("apply", "--dry-run=server", "--filename=-", stdin=json.dumps(vk8s))
    except KubectlError as error:
        return str(error)
    return ""


def forget_types(message: str) -> str:
    """Without the API server's own words between a field and our sentence."""
    return re.sub(r'Invalid value: ("[^"]*": )?', "", message)
