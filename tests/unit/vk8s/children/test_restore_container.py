"""The init container that fetches what a node begins with: the snapshot of etcd, and its volumes."""

import json
from dataclasses import replace
from typing import Any

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.children.node_pod import build_node_pod
from hooks.vk8s.observed.children import POD
from hooks.vk8s.plan.backups import BACKUP_IMAGE
from hooks.vk8s.spec.state_note import StateNote
from tests.backups_world import BACKED_UP, IMAGE
from tests.world import World, condition, node, running_world, spec

RESTORE = {"claim": {"name": "backups"}}


def restored(restore: Manifest = RESTORE, **fields: Any) -> World:
    return World(spec=spec(restoreFrom=restore, **fields), context=BACKED_UP)


def build(world: World, name: str) -> Manifest:
    """The pod of that node."""
    wanted = next(each for each in world.cluster.nodes if each.name == name)
    return build_node_pod(world.cluster, wanted, "0", IMAGE)


def get_container(world: World) -> Manifest:
    (container,) = build(world, "m")["spec"]["initContainers"]
    found: Manifest = container
    return found


def list_environment(pod: Manifest) -> dict[str, str]:
    return {each["name"]: each["value"] for each in pod["spec"]["containers"][0]["env"] if "value" in each}


def test_first_control_plane_node_fetches_the_snapshot_to_its_volume() -> None:
    container = get_container(restored())
    assert container["image"] == IMAGE
    assert container["args"] == [
        "fetch",
        '--about={"name": "demo", "namespace": "team-a"}',
        "--directory=/vk8s/claim",
        "--snapshot=latest",
        "--into=/state/vk8s/restore",
        "--data=/state/etcd",
        "--node=m",
        "--volumes=/state/vk8s/volumes",
        "--work=/state",
        "--timeout=24h",
    ]
    assert {"name": "state", "mountPath": "/state"} in container["volumeMounts"]


def test_snapshot_may_be_of_another_vk8s_in_another_namespace() -> None:
    other = {**RESTORE, "snapshot": "4f9c2b7a", "name": "prod", "namespace": "team-b"}
    arguments = get_container(restored(other))["args"]
    assert json.loads(arguments[1].removeprefix("--about=")) == {"name": "prod", "namespace": "team-b"}
    assert "--snapshot=4f9c2b7a" in arguments


def test_container_may_write_to_the_state_volume_alone() -> None:
    container = get_container(restored())
    assert [each["name"] for each in container["volumeMounts"] if not each.get("readOnly")] == ["state"]
    # To read what a backup has stored, as another user, and to write files as they were.
    added = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "MKNOD", "SETFCAP"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"], "add": added}
    assert container["securityContext"]["readOnlyRootFilesystem"] is True


def test_node_knows_which_nodes_of_the_snapshot_stay() -> None:
    assert list_environment(build(restored(), "m")).items() >= {"RESTORE": "true", "RESTORE_NODES": "m w"}.items()


def test_other_nodes_restore_nothing() -> None:
    masters = [node(name, "master") for name in ("m", "n", "o")]
    world = restored(nodes=[*masters, node("w", "worker")])
    for name in ("n", "o", "w"):
        pod = build(world, name)
        assert "initContainers" not in pod["spec"]
        assert "RESTORE" not in list_environment(pod)
        assert not [each for each in pod["spec"]["volumes"] if each["name"].startswith("restore-")]


def fetching(volumes: str, state: StateNote | None = None) -> Manifest:
    """The pod of the worker, once it is known which nodes have volumes in the backup."""
    restored_from = {"snapshot": "4f9c2b7a", "time": "2026-01-01T03:00:00Z", "name": "prod", "volumes": volumes}
    cluster = replace(restored().cluster, restored=restored_from, state=state or StateNote())
    return build_node_pod(cluster, cluster.workers[0], "0", IMAGE)


@pytest.mark.parametrize("volumes", ["m,w", "*"], ids=["named", "too many to name"])
def test_worker_with_volumes_in_the_backup_fetches_them(volumes: str) -> None:
    pod = fetching(volumes)
    (container,) = pod["spec"]["initContainers"]
    assert {"--snapshot=4f9c2b7a", "--node=w", "--volumes=/state/vk8s/volumes"} <= set(container["args"])
    assert not [argument for argument in container["args"] if argument.startswith(("--into", "--data"))]
    assert [each["name"] for each in pod["spec"]["volumes"] if each["name"].startswith("restore-")] == ["restore-claim"]
    assert "RESTORE" not in list_environment(pod)


def test_worker_that_has_been_ready_fetches_nothing() -> None:
    assert "initContainers" not in fetching("m,w", StateNote(claims={"w": "uid"}))["spec"]
    assert "initContainers" not in fetching("m")["spec"]


def test_initialized_cluster_is_never_restored() -> None:
    cluster = replace(restored().cluster, state=StateNote(claims={"m": "uid"}))
    pod = build_node_pod(cluster, cluster.nodes[0], "0", IMAGE)
    assert "initContainers" not in pod["spec"]
    assert "RESTORE" not in list_environment(pod)


def test_no_cluster_begins_empty_because_the_image_for_restores_is_missing() -> None:
    world = replace(restored(), context=World().context).steps(4)
    assert "m" not in world.children[POD]
    assert f"can't fetch without {BACKUP_IMAGE}" in condition(world.sync(), "ControlPlaneReady")["message"]


def test_cluster_without_a_restore_has_the_pods_of_before() -> None:
    assert build(World(), "m") == build_node_pod(World().cluster, World().cluster.nodes[0], "0")
    assert "initContainers" not in running_world().children[POD]["m"]["spec"]
