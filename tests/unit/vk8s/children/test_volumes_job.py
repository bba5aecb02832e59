"""The Job that copies the volumes of a node."""

from dataclasses import replace

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.children.volumes_job import Copy, build_volumes_job
from hooks.vk8s.spec.cold_note import ColdNote
from hooks.vk8s.spec.model import BackupSpec
from tests.backups_world import CLAIM, IMAGE
from tests.cold_world import REQUEST
from tests.world import World, node, spec

TAINTED = {"tolerations": [{"key": "gpu", "operator": "Exists"}], "nodeSelector": {"zone": "a"}}
PLACED = {**TAINTED, "priorityClassName": "high"}


def build(**fields: object) -> Manifest:
    world = World(spec=spec(backup=CLAIM, nodes=[node("m", "master"), node("w", "worker", **fields)]))
    cluster = replace(world.cluster, cold=ColdNote("one"))
    copy = Copy(cluster.workers[0], "5fd3658b", 2, 60)
    return build_volumes_job(cluster, BackupSpec.model_validate(CLAIM), copy, IMAGE)


def get_pod(job: Manifest) -> Manifest:
    pod: Manifest = job["spec"]["template"]["spec"]
    return pod


def test_job_copies_the_volumes_of_its_node_as_part_of_a_backup() -> None:
    job = build()
    (container,) = get_pod(job)["containers"]
    assert container["args"] == [
        "volumes",
        '--about={"name": "demo", "namespace": "team-a", "uid": "7a8ca577-06c6-4c4b-b908-d5ffb972b650"}',
        "--directory=/vk8s/claim",
        "--node=w",
        "--volumes=/state/vk8s/volumes",
        "--of=5fd3658b",
        "--nodes=2",
        "--work=/run/vk8s",
        "--timeout=3570s",
    ]
    assert job["metadata"]["name"] == "w-volumes"
    assert job["metadata"]["annotations"] == {REQUEST: "one"}
    template = job["spec"]["template"]["metadata"]
    assert template["labels"]["vk8s.sktelecom.com/node"] == "w"
    # By which its pods are recognized, whose messages are the results.
    assert template["annotations"] == {"linkerd.io/inject": "disabled", REQUEST: "one"}


def test_job_ends_in_time_whether_or_not_its_pod_runs() -> None:
    assert build()["spec"]["activeDeadlineSeconds"] == 3600


def test_state_of_the_node_is_read_and_never_changed() -> None:
    pod = get_pod(build())
    (container,) = pod["containers"]
    assert {"name": "state", "mountPath": "/state", "readOnly": True} in container["volumeMounts"]
    # A kubelet would change the group of all files of the volume.
    assert "securityContext" not in pod
    assert container["securityContext"]["capabilities"]["drop"] == ["ALL"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True


def test_job_runs_where_the_node_may_run() -> None:
    assert get_pod(build(**PLACED)).items() >= PLACED.items()
    assert not get_pod(build()).keys() & PLACED.keys()
