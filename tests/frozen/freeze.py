"""Commits to what this version makes: `make up`, then `python -m tests.frozen.freeze VERSION`, once per release."""

import json
import sys
from pathlib import Path

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.kinds import CHILD_KINDS
from testbed import builds
from testbed.host_cluster import HostCluster
from testbed.kubectl import Kubectl
from testbed.layout import UP

DIRECTORY = Path(__file__).parent


def read_request(kubectl: Kubectl, name: str) -> Manifest:
    """The request in which Metacontroller would show the Vk8s `name` and its children."""
    parent = kubectl.get("vk8s", name)
    owned = {
        key: _find_children(kubectl, kind.resource, parent["metadata"]["uid"]) for key, kind in CHILD_KINDS.items()
    }
    return {"parent": _without_managers(parent), "children": owned, "related": {}, "finalizing": False}


def _find_children(kubectl: Kubectl, resource: str, uid: str) -> dict[str, Manifest]:
    found = kubectl.get(resource, f"--selector=controller-uid={uid}")["items"]
    return {
        f"{child['metadata']['namespace']}/{child['metadata']['name']}": _without_managers(child)
        for child in found
        # Pods of Jobs have that label too, for their Job.
        if any(owner["uid"] == uid for owner in child["metadata"].get("ownerReferences", []))
    }


def _without_managers(thing: Manifest) -> Manifest:
    metadata = {key: value for key, value in thing["metadata"].items() if key != "managedFields"}
    return {**thing, "metadata": metadata}


if __name__ == "__main__":
    request = read_request(HostCluster(UP, builds.build_binaries()).kubectl, "local")
    (DIRECTORY / f"{sys.argv[1]}.json").write_text(json.dumps(request, indent=1, sort_keys=True) + "\n")
