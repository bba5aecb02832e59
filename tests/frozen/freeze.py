"""Commits to what this version makes: `make up`, then `python -m tests.frozen.freeze VERSION`, once per release."""

import json
import sys
from pathlib import Path

import yaml

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.kinds import CHILD_KINDS
from hooks.vk8s.spec.labels import BOOTSTRAP_COMPONENT, COMPONENT
from testbed import builds
from testbed.host_cluster import HostCluster
from testbed.kubectl import Kubectl
from testbed.layout import UP
from testbed.metacontroller.merge import LAST_APPLIED

DIRECTORY = Path(__file__).parent


def read_request(kubectl: Kubectl, name: str) -> Manifest:
    """The request in which Metacontroller would show the Vk8s `name` and its children."""
    parent = kubectl.get("vk8s", name)
    owned = {
        key: _list_children(kubectl, kind.resource, parent["metadata"]["uid"]) for key, kind in CHILD_KINDS.items()
    }
    return {"parent": _without_managers(parent), "children": owned, "related": {}, "finalizing": False}


def write(version: str, request: Manifest) -> None:
    """The request as a file, with the first line of each file that nodes boot from: the hooks read no more of them."""
    children = {
        kind: {name: _shorten(child) for name, child in group.items()} for kind, group in request["children"].items()
    }
    text = yaml.safe_dump({**request, "children": children}, default_flow_style=None, width=sys.maxsize)
    (DIRECTORY / f"{version}.yaml").write_text(text)


def _shorten(child: Manifest) -> Manifest:
    if child["metadata"]["labels"].get(COMPONENT) != BOOTSTRAP_COMPONENT:
        return child
    data = {name: text.partition("\n")[0] for name, text in child["data"].items()}
    annotations = child["metadata"]["annotations"]
    applied = json.dumps({**json.loads(annotations[LAST_APPLIED]), "data": data}, sort_keys=True, separators=(",", ":"))
    metadata = {**child["metadata"], "annotations": {**annotations, LAST_APPLIED: applied}}
    return {**child, "data": data, "metadata": metadata}


def _list_children(kubectl: Kubectl, resource: str, uid: str) -> dict[str, Manifest]:
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
    write(sys.argv[1], read_request(HostCluster(UP, builds.build_binaries()).kubectl, "local"))
