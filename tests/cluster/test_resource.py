"""What the API server says of a Vk8s: which it takes, which it refuses and in which words, and what it adds."""

import json
from typing import Any

import pytest

from hooks.kubernetes.manifest import Manifest
from testbed.host_cluster import HostCluster
from tests.backups_world import CLAIM, S3
from tests.cluster.applying import forget_types, try_apply
from tests.cluster.owner import build_vk8s
from tests.shared_material import ROOT, SHARED, needs_shared
from tests.world import IMAGE, node

MASTER, WORKER = node("m", "master"), node("w", "worker")
VALID = build_vk8s(name="valid")
WEB = {"name": "web", "port": 30000, "targetPort": 30000}
KUBEFLOW = {"name": "kubeflow", "port": 30080, "targetPort": 30080}
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ5Nq"


def describe_readme_sample() -> str:
    """The YAML block of the original operator's README."""
    text = (SHARED / "seed" / "README.ko.md").read_text()
    block = text.split("```yaml\n")[1].split("```")[0]
    return block.split("\n---")[0]


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda path: str(path.name))
def test_examples_can_be_applied(cluster: HostCluster, path: Any) -> None:
    cluster.kubectl.run("apply", "--dry-run=server", "--validate=strict", f"--filename={path}")


@needs_shared
def test_sample_of_the_original_readme_can_be_applied_unchanged(cluster: HostCluster) -> None:
    sample = describe_readme_sample()
    assert "kind: Vk8s" in sample
    cluster.kubectl.run("apply", "--dry-run=server", "--validate=strict", "--filename=-", stdin=sample)


def test_crd_is_applied_again_without_a_change(cluster: HostCluster) -> None:
    assert "unchanged" in cluster.kubectl.run("apply", "--validate=strict", f"--filename={ROOT / 'crds'}")


@pytest.mark.parametrize("resource", ["vk8s", "ippools", "ipallocations"])
def test_crds_have_structural_schemas_and_affordable_rules(cluster: HostCluster, resource: str) -> None:
    conditions = cluster.kubectl.get("crd", f"{resource}.vk8s.sktelecom.com")["status"]["conditions"]
    states = {entry["type"]: entry["status"] for entry in conditions}
    assert states["Established"] == states["NamesAccepted"] == "True"
    assert states.get("NonStructuralSchema", "False") == "False"


def test_defaults_are_there_for_rules_of_updates_to_see(cluster: HostCluster) -> None:
    text = cluster.kubectl.run("apply", "--dry-run=server", "--filename=-", "--output=json", stdin=json.dumps(VALID))
    spec = json.loads(text)["spec"]
    assert spec["kubernetes"] == {
        "cni": "flannel",
        "networkPolicies": True,
        "podNetworkCidr": "198.18.0.0/16",
        "serviceCidr": "198.19.0.0/16",
    }
    assert spec["storage"] == {"ephemeral": False, "retain": False, "size": "20Gi"}


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("vk8s.spec.nodes", "The nodes, those with role"),
        ("vk8s.spec.nodes.image", "Node image"),
        ("vk8s.spec.kubernetes.podNetworkCidr", "IPv4 network of the pods inside"),
        ("vk8s.status.phase", "Waiting"),
    ],
)
def test_kubectl_explain_describes_a_field(cluster: HostCluster, path: str, words: str) -> None:
    assert words in " ".join(cluster.kubectl.run("explain", path).split())


REFUSED = {
    "no nodes": (build_vk8s(nodes=[]), "spec.nodes in body should have at least 1 items"),
    "no control-plane node": (
        build_vk8s(nodes=[WORKER]),
        "spec.nodes: write one, three or five nodes with role: master",
    ),
    "two control-plane nodes": (
        build_vk8s(nodes=[MASTER, node("n", "master")]),
        "spec.nodes: write one, three or five nodes with role: master",
    ),
    "the control-plane node is not first": (
        build_vk8s(nodes=[WORKER, MASTER]),
        "spec.nodes: write the control-plane nodes (role: master) first",
    ),
    "an unknown role": (build_vk8s(nodes=[MASTER, node("x", "etcd")]), 'supported values: "master", "worker"'),
    "a node without an image": (
        build_vk8s(nodes=[{"name": "m", "role": "master"}]),
        "spec.nodes[0].image: Required value",
    ),
    "two nodes of one name": (build_vk8s(nodes=[MASTER, node("m", "worker")]), "Duplicate value"),
    "a node's name in capitals": (
        build_vk8s(nodes=[node("M", "master")]),
        "spec.nodes[0].name: write lower-case letters, digits and '-', the first and the last no '-'",
    ),
    "a node that is named like an access pod": (
        build_vk8s(nodes=[MASTER, node("demo-access-pod", "worker")]),
        "spec.nodes[1].name: names of access pods end so; give the node another one",
    ),
    "a node's name of 58 characters": (
        build_vk8s(nodes=[node("m" * 58, "master")]),
        "spec.nodes[0].name: Too long",
    ),
    "a CIDR that is none": (
        build_vk8s(kubernetes={"podNetworkCidr": "10.0.0.0"}),
        "spec.kubernetes.podNetworkCidr: write an IPv4 network such as 198.18.0.0/16",
    ),
    "a CIDR with bits after its prefix": (
        build_vk8s(kubernetes={"serviceCidr": "10.0.0.1/16"}),
        "spec.kubernetes.serviceCidr: write an IPv4 network such as 198.18.0.0/16, no bits set after",
    ),
    "an unknown cni": (build_vk8s(kubernetes={"cni": "weave"}), 'supported values: "flannel", "none"'),
    "a port for ssh that is no NodePort": (
        build_vk8s(accessPodPort=22),
        "spec.accessPodPort in body should be greater than or equal to 30000",
    ),
    "a quantity that is none": (
        build_vk8s(nodes=[node("m", "master", resources={"limits": {"cpu": "much"}})]),
        "spec.nodes[0].resources.limits[cpu]: write a quantity such as 500m, 2 or 8Gi",
    ),
    "a fraction without quotes": (
        build_vk8s(nodes=[node("m", "master", resources={"limits": {"cpu": 0.5}})]),
        'spec.nodes[0].resources.limits.cpu in body must be of type integer,string: "number"',
    ),
    "a request above its limit": (
        build_vk8s(nodes=[node("m", "master", resources={"requests": {"cpu": 2}, "limits": {"cpu": "1900m"}})]),
        "spec.nodes[0].resources: write requests that are not above the limits",
    ),
    "another request than the limit for a device": (
        build_vk8s(nodes=[node("m", "master", resources={"requests": {"a.b/c": 1}, "limits": {"a.b/c": 2}})]),
        "spec.nodes[0].resources: write the same request as limit for a device, or only limits",
    ),
    "a selector that no label can match": (
        build_vk8s(nodes=[node("m", "master", nodeSelector={"disk": "s s d"})]),
        "spec.nodes[0].nodeSelector: write labels, such as disk: ssd",
    ),
    "a toleration of nothing": (
        build_vk8s(nodes=[node("m", "master", tolerations=[{}])]),
        "spec.nodes[0].tolerations[0]: write a key, or operator: Exists for every taint",
    ),
    "a toleration of any value with a value": (
        build_vk8s(nodes=[node("m", "master", tolerations=[{"key": "a", "operator": "Exists", "value": "b"}])]),
        "spec.nodes[0].tolerations[0]: write no value with operator: Exists",
    ),
    "seconds of a toleration without an end": (
        build_vk8s(nodes=[node("m", "master", tolerations=[{"key": "a", "tolerationSeconds": 5}])]),
        "spec.nodes[0].tolerations[0]: write effect: NoExecute with tolerationSeconds",
    ),
    "a schedule that is none": (
        build_vk8s(backup={**CLAIM, "schedule": "daily"}),
        "spec.backup.schedule: write five fields of cron",
    ),
    "no time zone": (build_vk8s(backup={**CLAIM, "timeZone": "Local"}), "spec.backup.timeZone: write a name such as"),
    "no target of backups": (build_vk8s(backup={"schedule": "@daily"}), "spec.backup: write either claim or s3"),
    "two targets of backups": (build_vk8s(backup={**CLAIM, "s3": S3}), "spec.backup: write either claim or s3"),
    "an endpoint that is no URL": (
        build_vk8s(backup={"schedule": "@daily", "s3": {**S3, "endpoint": "s3"}}),
        "spec.backup.s3.endpoint: write a URL such as",
    ),
    "a prefix that leads elsewhere": (
        build_vk8s(backup={"schedule": "@daily", "s3": {**S3, "prefix": "../a"}}),
        "spec.backup.s3.prefix: write words of letters",
    ),
    "backups of too long a name": (build_vk8s(name="a" * 46, backup=CLAIM), "spec.backup: leave it out"),
    "no size": (build_vk8s(storage={"size": 0}), "spec.storage.size: write a size such as 20Gi"),
    "less than no size": (build_vk8s(storage={"size": "-1Gi"}), "spec.storage.size: write a size such as 20Gi"),
    "a size that is none": (build_vk8s(storage={"size": "big"}), "spec.storage.size: write a size such as 20Gi"),
    "networks that overlap": (
        build_vk8s(kubernetes={"podNetworkCidr": "10.0.0.0/8", "serviceCidr": "10.1.0.0/16"}),
        "spec.kubernetes: podNetworkCidr and serviceCidr overlap; write two networks that share no address",
    ),
    "an IPv6 network": (build_vk8s(kubernetes={"podNetworkCidr": "fd00::/64"}), "write an IPv4 network such as"),
    "two ports of one name": (
        build_vk8s(ports=[WEB, {**WEB, "port": 30001, "targetPort": 30001}]),
        "spec.ports: give each port a name of its own",
    ),
    "two ports of one number": (
        build_vk8s(ports=[WEB, {**WEB, "name": "other"}]),
        "spec.ports: give each port a number of its own",
    ),
    "a port's name with an underscore": (
        build_vk8s(ports=[{**WEB, "name": "my_port"}]),
        "spec.ports[0].name: write lower-case letters, digits and '-'",
    ),
    "a port that leads to another": (
        build_vk8s(ports=[{**WEB, "targetPort": 80}]),
        "spec.ports[0].targetPort: write the same number as port",
    ),
    "a port that is no port": (
        build_vk8s(ports=[{**WEB, "port": 65536, "targetPort": 65536}]),
        "spec.ports[0].port in body should be less than or equal to 65535",
    ),
    "ssh at one of the ports": (
        build_vk8s(ports=[WEB], accessPodPort=30000),
        "spec.accessPodPort: is also one of spec.ports; write another number in one of the two",
    ),
    "a key that is none": (
        build_vk8s(access={"authorizedKeys": ["secret"]}),
        "spec.access.authorizedKeys[0]: write a public key as it stands in id_ed25519.pub or the like",
    ),
    "two keys in one": (
        build_vk8s(access={"authorizedKeys": [f"{KEY}\n{KEY}"]}),
        "spec.access.authorizedKeys[0]: write a public key",
    ),
    "a version of Kubeflow that is none": (
        build_vk8s(kubeflow={"version": "1.9"}, ports=[KUBEFLOW]),
        "spec.kubeflow.version: write a version such as v1.9.0, 26.03 or 26.03.1",
    ),
    "Kubeflow without a port": (
        build_vk8s(kubeflow={"version": "v1.9.0"}),
        "spec: add a port named kubeflow: Kubeflow's user interface is reached through it",
    ),
    "Kubeflow with another port": (
        build_vk8s(kubeflow={"version": "v1.9.0"}, ports=[WEB]),
        "spec: add a port named kubeflow",
    ),
    "Kubeflow at a port that is no NodePort": (
        build_vk8s(kubeflow={"version": "v1.9.0"}, ports=[{**KUBEFLOW, "port": 8080, "targetPort": 8080}]),
        "spec.ports: the port named kubeflow is a NodePort inside; write a number from 30000 to 32767",
    ),
    "a user of Kubeflow who has no address": (
        build_vk8s(kubeflow={"version": "v1.9.0", "email": "user"}, ports=[KUBEFLOW]),
        "spec.kubeflow.email: write an e-mail address such as user@example.com",
    ),
    "a name with a dot": (build_vk8s(name="a.b"), "metadata.name: write a name of at most 52 lower-case letters"),
    "a name that starts with a digit": (build_vk8s(name="1a"), "metadata.name: write a name of at most 52"),
    "a name of 53 characters": (build_vk8s(name="a" * 53), "metadata.name: write a name of at most 52"),
}
ACCEPTED = {
    "a control-plane node alone": build_vk8s(nodes=[MASTER]),
    "names as long as they may be": build_vk8s(name="a" * 52, nodes=[node("m" * 57, "master")]),
    "other networks": build_vk8s(kubernetes={"podNetworkCidr": "10.0.0.0/16", "serviceCidr": "10.1.0.0/16"}),
    "cpu as a number": build_vk8s(nodes=[node("m", "master", resources={"limits": {"cpu": 2, "memory": "4Gi"}})]),
    "a request at its limit": build_vk8s(
        nodes=[node("m", "master", resources={"requests": {"cpu": 1, "memory": "1Gi"}, "limits": {"cpu": "1000m"}})]
    ),
    "as many nodes as there may be": build_vk8s(nodes=[MASTER, *(node(f"w{n}", "worker") for n in range(99))]),
    "ports and ssh": build_vk8s(ports=[WEB, KUBEFLOW], accessPodPort=30006, accessPodImage="x"),
    "keys": build_vk8s(access={"authorizedKeys": [KEY, f"{KEY} owner at home"]}),
    "backups into a claim": build_vk8s(name="a" * 45, backup={**CLAIM, "schedule": "*/15 0-6 1,15 jan-mar ?"}),
    "backups into a bucket": build_vk8s(backup={"schedule": "@hourly", "s3": {**S3, "prefix": "a/b"}}),
    "Kubeflow by version": build_vk8s(kubeflow={"version": "v1.9.0"}, ports=[KUBEFLOW]),
    "Kubeflow with a user": build_vk8s(
        kubeflow={"version": "26.03", "email": "jane.doe+k@example.com", "passwordSecretRef": {"name": "mine"}},
        ports=[KUBEFLOW],
    ),
    "Kubeflow by date": build_vk8s(kubeflow={"version": "26.03"}, ports=[KUBEFLOW]),
    "Kubeflow by date, with a fix": build_vk8s(kubeflow={"version": "26.03.1"}, ports=[KUBEFLOW]),
    "everything that a pod may need": build_vk8s(
        nodes=[
            node(
                "m",
                "master",
                tolerations=[{"key": "gpu", "operator": "Exists"}],
                nodeSelector={"disk": "ssd"},
                runtimeClassName="nvidia",
                resources={"limits": {"nvidia.com/gpu": "2"}},
            )
        ]
    ),
}


@pytest.mark.parametrize(("vk8s", "words"), REFUSED.values(), ids=REFUSED)
def test_invalid_spec_is_rejected_at_apply_with_advice(cluster: HostCluster, vk8s: Manifest, words: str) -> None:
    assert words in forget_types(try_apply(cluster, vk8s))


@pytest.mark.parametrize("vk8s", ACCEPTED.values(), ids=ACCEPTED)
def test_valid_spec_is_accepted_at_apply(cluster: HostCluster, vk8s: Manifest) -> None:
    assert try_apply(cluster, vk8s) == ""


NETWORKS = {"podNetworkCidr": "10.0.0.0/16", "serviceCidr": "10.1.0.0/16"}
OLD = {"nodes": [MASTER, WORKER], "kubernetes": NETWORKS, "storage": {"size": "5Gi"}}
KEPT = "can't be changed once the virtual cluster exists; write the old value"
REFUSED_CHANGES = {
    "pod network": ({"kubernetes": {**NETWORKS, "podNetworkCidr": "10.2.0.0/16"}}, KEPT),
    "service network": ({"kubernetes": {**NETWORKS, "serviceCidr": "10.2.0.0/16"}}, KEPT),
    "networks removed": ({"kubernetes": None}, KEPT),
    "cni": ({"kubernetes": {**NETWORKS, "cni": "none"}}, KEPT),
    "size of volumes": ({"storage": {"size": "6Gi"}}, KEPT),
    "volumes made ephemeral": ({"storage": {"size": "5Gi", "ephemeral": True}}, KEPT),
    "storage removed": ({"storage": None}, KEPT),
    "another class of volumes": ({"storage": {"size": "5Gi", "storageClassName": "fast"}}, KEPT),
    "control-plane node renamed": (
        {"nodes": [node("n", "master"), WORKER]},
        "the first control-plane node can't be renamed",
    ),
    "Kubeflow that comes without a port": (
        {"kubeflow": {"version": "v1.9.0"}},
        "spec: add a port named kubeflow",
    ),
    "the port that goes while Kubeflow stays": (
        {"kubeflow": {"version": "v1.9.0"}, "ports": [WEB]},
        "spec: add a port named kubeflow",
    ),
    "ssh that moves to one of the ports": (
        {"ports": [WEB], "accessPodPort": 30000},
        "spec.accessPodPort: is also one of spec.ports",
    ),
    "role of a node": (
        {"nodes": [node("w", "master"), node("m", "worker")]},
        "a node's role can't be changed; add a node under another name instead",
    ),
}
ACCEPTED_CHANGES = {
    "a worker more": {"nodes": [MASTER, WORKER, node("x", "worker")]},
    "a worker less": {"nodes": [MASTER]},
    "another image": {"nodes": [{**MASTER, "image": f"{IMAGE}-next"}, WORKER]},
    "volumes that outlive it": {"storage": {"size": "5Gi", "retain": True}},
    "other ports": {"ports": [WEB, KUBEFLOW], "accessPodPort": 30006, "accessPodImage": "x"},
    "Kubeflow with its port": {"ports": [KUBEFLOW], "kubeflow": {"version": "v1.9.0"}},
    "the same defaults, written out": {"kubernetes": {**NETWORKS, "cni": "flannel"}},
}


def try_change(cluster: HostCluster, change: Manifest) -> str:
    """What the API server says of a change of a stored Vk8s; the change itself is not stored."""
    name = "changed"
    cluster.kubectl.apply(build_vk8s(name=name, **OLD))
    spec = {field: value for field, value in {**OLD, **change}.items() if value is not None}
    return try_apply(cluster, build_vk8s(name=name, **spec))


@pytest.fixture
def stored(cluster: HostCluster) -> Any:
    """A cluster in which a Vk8s may be stored that nobody acts on: no controller runs now."""
    yield cluster
    cluster.kubectl.run("delete", "vk8s", "--all")


@pytest.mark.parametrize(("change", "words"), REFUSED_CHANGES.values(), ids=REFUSED_CHANGES)
def test_immutable_fields_are_rejected_when_changed(stored: HostCluster, change: Manifest, words: str) -> None:
    assert words in forget_types(try_change(stored, change))


@pytest.mark.parametrize("change", ACCEPTED_CHANGES.values(), ids=ACCEPTED_CHANGES)
def test_mutable_fields_are_accepted_when_changed(stored: HostCluster, change: Manifest) -> None:
    assert try_change(stored, change) == ""


def test_object_that_nobody_has_looked_at_has_a_status_of_no_generation(stored: HostCluster) -> None:
    stored.kubectl.apply(VALID)
    assert stored.kubectl.get("vk8s", "valid")["status"] == {"observedGeneration": -1}
