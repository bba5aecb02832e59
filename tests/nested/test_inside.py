"""What a node offers to what runs on it, as Kubernetes' own specs beyond Conformance expect it."""

from functools import partial

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.children.node_pod import STATE_PATHS
from testbed.kubectl import Kubectl
from testbed.waiting import wait_for
from tests.nested.virtual import VirtualCluster
from tests.nested.workload import build_claim, build_web_pod

NODE, VOLUMES = "local-worker", "/var/lib/vk8s/volumes"
PROVISIONER = "vk8s.sktelecom.com/local-storage"
USER, GROUP = 1000, 2000
SECONDS = 90
# The kubelet measures volumes once a minute.
STATS_SECONDS = 150


@pytest.mark.parametrize("node", ["local-master", NODE])
def test_node_keeps_connections_of_which_one_side_is_closed(running: VirtualCluster, node: str) -> None:
    """For kube-proxy's hour; the kernel's own is a minute."""
    files = [f"/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_{state}" for state in ("close_wait", "established")]
    assert running.kubectl.run("exec", node, "--", "cat", *files).split() == ["3600", "86400"]


@pytest.mark.parametrize("node", ["local-master", NODE])
def test_folders_of_the_state_belong_to_root_alone(running: VirtualCluster, node: str) -> None:
    shown = running.kubectl.run("exec", node, "--", "stat", "--format=%a %U", *STATE_PATHS).split()
    modes, owners = dict(zip(STATE_PATHS, shown[::2], strict=True)), set(shown[1::2])
    # containerd closes its own even more.
    assert {path: mode for path, mode in modes.items() if int(mode, 8) & 0o022} == {}
    assert (modes["/var/lib/etcd"], owners) == ("700", {"root"})


def test_kubelet_of_a_worker_misses_no_folder(running: VirtualCluster) -> None:
    log = running.kubectl.run("exec", NODE, "--", "journalctl", "--unit=kubelet", "--no-pager", "--output=cat")
    assert "Unable to read config path" not in log


def build_user(name: str, claim: str, **security: int) -> Manifest:
    """A pod of a user who is not root, with the claim at /data."""
    pod = build_web_pod(name, NODE)
    spec, (container,) = pod["spec"], pod["spec"]["containers"]
    mounts = [*container["volumeMounts"], {"name": "data", "mountPath": "/data"}]
    volumes = [*spec["volumes"], {"name": "data", "persistentVolumeClaim": {"claimName": claim}}]
    limited = {"securityContext": {"runAsUser": USER, **security}, "volumes": volumes}
    return {**pod, "spec": {**spec, **limited, "containers": [{**container, "volumeMounts": mounts}]}}


def wait_for_pod(inside: Kubectl, name: str) -> None:
    inside.run("wait", "--for=condition=Ready", f"pod/{name}", f"--timeout={SECONDS}s")


def test_volume_belongs_to_the_group_that_its_pod_asks_for(running: VirtualCluster) -> None:
    running.wait_for_nodes()
    inside = running.inside
    inside.apply(build_claim("shared"), build_user("grouped", "shared", fsGroup=GROUP))
    wait_for_pod(inside, "grouped")
    exec_in = partial(inside.run, "exec", "grouped", "--")
    exec_in("/usr/bin/touch", "/data/file")
    shown = exec_in("/usr/bin/stat", "--format=%A %g", "/data", "/data/file").split()
    assert shown == ["drwxrwsrwx", str(GROUP), "-rw-r--r--", str(GROUP)]
    metrics = f"/api/v1/nodes/{NODE}/proxy/metrics"
    counted = partial(has_line, inside, metrics, "kubelet_volume_stats_used_bytes{", 'persistentvolumeclaim="shared"')
    wait_for("what the kubelet measures of the volume", counted, STATS_SECONDS)
    inside.run("delete", "pod/grouped", "persistentvolumeclaim/shared", f"--timeout={SECONDS}s")


def has_line(inside: Kubectl, path: str, *parts: str) -> bool:
    """Whether a line of what the API server has at that path contains all of these."""
    return any(all(part in line for part in parts) for line in inside.run("get", "--raw", path).splitlines())


def test_volume_that_an_earlier_version_made_is_used_and_deleted(running: VirtualCluster) -> None:
    inside, directory = running.inside, f"{VOLUMES}/earlier"
    running.wait_for_nodes()
    running.kubectl.run("exec", NODE, "--", "mkdir", "--mode=777", directory)
    claim = build_claim("earlier")
    inside.apply(
        build_earlier_volume("earlier", directory),
        {**claim, "spec": {**claim["spec"], "volumeName": "earlier", "storageClassName": "standard"}},
        build_user("earlier", "earlier"),
    )
    wait_for_pod(inside, "earlier")
    inside.run("delete", "pod/earlier", "persistentvolumeclaim/earlier", f"--timeout={SECONDS}s")
    wait_for("the end of the volume", lambda: not inside.find("persistentvolume", "earlier"), SECONDS)
    assert "earlier" not in running.kubectl.run("exec", NODE, "--", "ls", VOLUMES).split()


def build_earlier_volume(name: str, directory: str) -> Manifest:
    """A volume as local-storage of version 0.2.0 described it."""
    here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [NODE]}
    annotations = {
        "pv.kubernetes.io/provisioned-by": PROVISIONER,
        "volume.kubernetes.io/selected-node": NODE,
    }
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": annotations},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": "10Mi"},
            "hostPath": {"path": directory, "type": "Directory"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": "standard",
        },
    }


def build_class(mode: str) -> Manifest:
    """A StorageClass of a user, with our provisioner."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "own"},
        "provisioner": PROVISIONER,
        "volumeBindingMode": mode,
    }


def list_events(inside: Kubectl, reason: str) -> list[str]:
    """Messages of all events with that reason."""
    return [str(each["message"]) for each in inside.get("events", f"--field-selector=reason={reason}")["items"]]


def test_claim_that_waits_in_vain_says_what_to_write_instead(running: VirtualCluster) -> None:
    running.wait_for_nodes()
    inside, claim = running.inside, build_claim("own")
    inside.apply(
        build_class("Immediate"),
        {**claim, "spec": {**claim["spec"], "storageClassName": "own"}},
        build_user("own", "own"),
    )
    (message,) = wait_for("the event", lambda: list_events(inside, "ImmediateBinding"), SECONDS)
    assert "create it with volumeBindingMode: WaitForFirstConsumer" in message
    # As it says.
    inside.run("delete", "storageclass", "own")
    inside.apply(build_class("WaitForFirstConsumer"))
    wait_for_pod(inside, "own")
    assert len(list_events(inside, "ImmediateBinding")) == 1
    inside.run("delete", "pod/own", "persistentvolumeclaim/own", "storageclass/own", f"--timeout={SECONDS}s")
