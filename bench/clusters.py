"""What is measured about: virtual clusters of so many nodes, their children, and the calls about them."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Final

from hooks.kubernetes.manifest import Manifest
from hooks.server.main import load_scripts
from hooks.vk8s.observed.kinds import CHILD_KINDS
from hooks.vk8s.situation import Context
from hooks.wire import SyncResponse
from testbed.controller import CONTROLLERS
from testbed.metacontroller.controllers import read_composites
from testbed.metacontroller.objects import with_metadata
from tests.speed.pool_load import note_fields
from tests.world import CONTEXT, IMAGE, UID, World, node

API_VERSION: Final = "vk8s.sktelecom.com/v1alpha1"
KIND: Final = "Vk8s"
# The node ports of a host cluster: each virtual cluster takes one, for ssh.
FIRST_PORT, LAST_PORT = 30000, 32767
# In the template of children, and nowhere in it by chance.
_NAME, _NAMESPACE, _PORT = "template-name", "team-a", "30999"
# So many syncs until all children are there that need no kubelet, and so many until nothing changes any more.
_SYNCS, _LAST_SYNCS = 4, 2


def build_spec(name: str, nodes: int, port: int) -> Manifest:
    """A spec of a control-plane node, workers and an access pod."""
    workers = [node(f"{name}-worker-{number}", "worker") for number in range(nodes - 1)]
    return {"nodes": [node(f"{name}-master", "master"), *workers], "accessPodImage": IMAGE, "accessPodPort": port}


def build_vk8s(namespace: str, name: str, nodes: int, port: int) -> Manifest:
    """The Vk8s, as its owner applies it."""
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "spec": build_spec(name, nodes, port)}


def build_call(nodes: int) -> tuple[str, SyncResponse]:
    """The body of a call about a cluster at rest, in the size that it has in a host cluster, and its answer."""
    world = World(spec=build_spec("demo", nodes, FIRST_PORT), context=_build_context())
    world = world.steps(_SYNCS).with_ready_pods().steps(_LAST_SYNCS)
    body = world.request().model_dump(by_alias=True)
    (composite,) = (each for each in read_composites(CONTROLLERS, world.context.now) if each.name == "vk8s")
    children = {kind: {key: _store(child) for key, child in group.items()} for kind, group in body["children"].items()}
    parent = {"apiVersion": API_VERSION, "kind": KIND, **body["parent"]}
    whole = {**body, "controller": composite.document, "parent": parent, "children": children}
    return json.dumps(whole), world.sync()


def _store(child: Manifest) -> Manifest:
    """The child with what API server and Metacontroller add to it."""
    owner = {"apiVersion": API_VERSION, "kind": KIND, "name": "demo", "uid": UID}
    owned = with_metadata(child, ownerReferences=[{**owner, "controller": True, "blockOwnerDeletion": True}])
    return with_metadata(owned, managedFields=[note_fields("metacontroller", owned)])


def count_children(nodes: int) -> dict[str, int]:
    """How many children of each kind one virtual cluster has, when none waits for anything but a kubelet."""
    children = World(spec=build_spec("demo", nodes, FIRST_PORT)).steps(_SYNCS).children
    return {kind: len(children[kind]) for kind in CHILD_KINDS if children[kind]}


def build_children(vk8s: Manifest) -> list[Manifest]:
    """The same children from a template: names and ports are the Vk8s's own, keys and certificates those of all."""
    metadata, spec = vk8s["metadata"], vk8s["spec"]
    text = _read_template(len(spec["nodes"])).replace(_NAME, metadata["name"]).replace(UID, metadata["uid"])
    text = text.replace(_NAMESPACE, metadata["namespace"]).replace(_PORT, str(spec["accessPodPort"]))
    children: list[Manifest] = json.loads(text)
    return children


@cache
def _read_template(nodes: int) -> str:
    world = World(name=_NAME, spec=build_spec(_NAME, nodes, int(_PORT)), context=_build_context())
    return json.dumps(world.steps(_SYNCS).sync().children)


def _build_context() -> Context:
    """With the bootstrap files and the date of running hooks, so that these find nothing to renew."""
    return replace(CONTEXT, scripts=load_scripts(), now=datetime.now(UTC).replace(microsecond=0))
