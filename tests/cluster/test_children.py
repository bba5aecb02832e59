"""The children of a Vk8s in a real API server, from the first to the last."""

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from cryptography import x509

from hooks.kubernetes.manifest import Manifest
from testbed import programs
from testbed.host_cluster import HostCluster
from testbed.waiting import wait_for
from tests.cluster.owner import Owner, build_vk8s
from tests.shared_material import ROOT
from tests.world import node

WEB = {"name": "web", "port": 30000, "targetPort": 30000}
SPREAD = {"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway"}
MASTERS = {"matchExpressions": [{"key": "vk8s.sktelecom.com/role", "operator": "In", "values": ["master"]}]}
NEAR_MASTER = {
    "podAffinity": {
        "preferredDuringSchedulingIgnoredDuringExecution": [
            {"weight": 1, "podAffinityTerm": {"labelSelector": MASTERS, "topologyKey": "kubernetes.io/hostname"}}
        ]
    }
}


def test_rendered_children_are_those_that_are_created(owner: Owner, tmp_path: Path) -> None:
    placed = node(
        "w", "worker", affinity=NEAR_MASTER, annotations={"example.com/a": "b"}, topologySpreadConstraints=[SPREAD]
    )
    everything = build_vk8s(
        accessPodImage="x",
        accessPodPort=30096,
        ports=[WEB],
        nodes=[node("m", "master"), placed],
        disruptionBudget={"maxUnavailable": 1},
    )
    file = tmp_path / "vk8s.yaml"
    file.write_text(yaml.safe_dump({**everything, "metadata": {"name": "demo", "namespace": owner.namespace}}))
    command = [sys.executable, "-m", "hooks", "render", f"--file={file}"]
    rendered = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    accepted = owner.kubectl.run("apply", "--dry-run=server", "--validate=strict", "--filename=-", stdin=rendered)
    assert len(accepted.splitlines()) == len(list(yaml.safe_load_all(rendered)))
    owner.kubectl.apply(everything)
    owner.wait_for_children("Pod/m", "Pod/w", "Pod/demo-access-pod")
    names = {f"{child['kind']}/{child['metadata']['name']}" for child in yaml.safe_load_all(rendered)}
    assert set(owner.children()) == names


def read(secret: Manifest, key: str) -> bytes:
    return base64.b64decode(secret["data"][key])


def test_every_child_is_created_and_says_whose_it_is(owner: Owner) -> None:
    owner.kubectl.apply({**build_vk8s(), "metadata": {"name": "demo", "labels": {"team": "blue"}}})
    children = owner.wait_for_children("Pod/m", "Pod/w")
    uid = owner.kubectl.get("vk8s", "demo")["metadata"]["uid"]
    bootstrap = next(name for name in children if name.startswith("ConfigMap/demo-bootstrap-"))
    assert sorted(children) == sorted(
        [
            bootstrap,
            "NetworkPolicy/demo",
            *(f"PersistentVolumeClaim/{name}-state" for name in ("m", "w")),
            *(f"Pod/{name}" for name in ("m", "w")),
            *(f"Secret/demo-{name}" for name in ("join", "kubeconfig", "pki")),
            "Service/demo-api",
        ]
    )
    for child in children.values():
        assert child["metadata"]["labels"]["team"] == "blue"
        assert [reference["uid"] for reference in child["metadata"]["ownerReferences"]] == [uid]


def test_key_of_the_ca_never_reaches_a_worker(owner: Owner) -> None:
    owner.kubectl.apply(build_vk8s())
    children = owner.wait_for_children("Pod/m", "Pod/w")
    mounted = {
        name: [volume["secret"]["secretName"] for volume in children[name]["spec"]["volumes"] if "secret" in volume]
        for name in ("Pod/m", "Pod/w")
    }
    assert mounted == {"Pod/m": ["demo-pki"], "Pod/w": ["demo-join"]}
    assert sorted(children["Secret/demo-join"]["data"]) == ["ca-hash", "ca.crt", "kubelet-w.pem"]


@pytest.mark.nightly("tests/properties/test_stillness.py")
def test_cluster_that_runs_is_left_alone(owner: Owner) -> None:
    owner.run_cluster(build_vk8s(accessPodImage="x", accessPodPort=30097, ports=[WEB]))
    owner.check_stillness()


def test_policy_follows_the_ports_in_place(owner: Owner) -> None:
    owner.kubectl.apply(build_vk8s(ports=[build_port(8080), build_port(8081)]))
    before = owner.wait_for_children("NetworkPolicy/demo")["NetworkPolicy/demo"]
    assert list_open_ports(before) == [8080, 8081]
    owner.kubectl.apply(build_vk8s(ports=[build_port(8081)]))
    wait_for("the port", lambda: list_open_ports(owner.children()["NetworkPolicy/demo"]) == [8081], 30)
    assert owner.children()["NetworkPolicy/demo"]["metadata"]["uid"] == before["metadata"]["uid"]


def build_port(number: int) -> Manifest:
    return {"name": f"port-{number}", "port": number, "targetPort": number}


def list_open_ports(policy: Manifest) -> list[int]:
    """The ports that everybody may connect to."""
    rules = [rule for rule in policy["spec"]["ingress"] if "from" not in rule]
    return [port["port"] for rule in rules for port in rule["ports"]]


def test_status_follows_the_pods(owner: Owner) -> None:
    vk8s = owner.run_cluster()
    assert vk8s["status"]["readyNodes"] == "2/2"
    assert vk8s["status"]["nodes"][0] == {
        "name": "m",
        "role": "master",
        "ready": True,
        "podIP": "10.200.0.9",
        "reason": "Ready",
    }
    owner.kubectl.run("delete", "pod", "w", "--wait=false")
    wait_for("Restarting", lambda: owner.status().get("phase") == "Restarting", 30, lambda: str(owner.status()))
    owner.wait_for_children("Pod/w")
    owner.play_kubelet("w")
    wait_for("Running", lambda: owner.status().get("phase") == "Running", 30, lambda: str(owner.status()))


def test_lost_pod_is_recreated_and_mounts_the_same_claim(owner: Owner) -> None:
    owner.run_cluster()
    before = owner.children()
    owner.kubectl.run("delete", "pod", "m", "--wait=false")
    wait_for("another pod", lambda: is_another(owner, "Pod/m", before), 30)
    after = owner.children()
    for name in set(before) - {"Pod/m"}:
        assert after[name]["metadata"]["uid"] == before[name]["metadata"]["uid"]


def is_another(owner: Owner, name: str, before: dict[str, Manifest]) -> bool:
    child = owner.children().get(name)
    return child is not None and child["metadata"]["uid"] != before[name]["metadata"]["uid"]


def test_new_label_of_the_vk8s_reaches_its_children_in_place(owner: Owner) -> None:
    owner.run_cluster()
    before = owner.children()
    owner.kubectl.run("label", "vk8s", "demo", "team=green")

    def is_everywhere() -> bool:
        return all(child["metadata"]["labels"].get("team") == "green" for child in owner.children().values())

    wait_for("the label", is_everywhere, 30, lambda: json.dumps(owner.status()))
    after = owner.children()
    assert {name: child["metadata"]["uid"] for name, child in after.items()} == {
        name: child["metadata"]["uid"] for name, child in before.items()
    }


@pytest.mark.nightly("tests/unit/vk8s/status/test_progress.py")
def test_taken_name_is_reported_and_used_once_it_is_free(owner: Owner) -> None:
    taken = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "demo-join"}, "data": {"a": "Yg=="}}
    owner.kubectl.apply(taken)
    owner.kubectl.apply(build_vk8s())
    condition = owner.wait_for_reason("ChildrenObserved", "ChildMissing", 60)
    assert "Secret demo-join" in condition["message"]
    assert f"kubectl get -n {owner.namespace} secret/demo-join shows" in condition["message"]
    # Somebody else's: neither touched nor booted from.
    assert owner.kubectl.get("secret", "demo-join")["data"] == {"a": "Yg=="}
    assert "Pod/w" not in owner.children()
    owner.kubectl.run("delete", "secret", "demo-join")
    owner.wait_for_children("Secret/demo-join", "Pod/w")


def test_lost_pki_is_never_recreated(owner: Owner) -> None:
    owner.run_cluster()
    pki = owner.children()["Secret/demo-pki"]
    owner.kubectl.run("delete", "secret", "demo-pki")
    owner.wait_for_reason("ChildrenObserved", "PKILost")
    assert {"Pod/m", "Pod/w", "Secret/demo-join", "Secret/demo-kubeconfig"} <= set(owner.children())
    assert not owner.kubectl.succeeds("get", "secret", "demo-pki")
    restore_pki(owner, pki)
    owner.wait_for_reason("ChildrenObserved", "AllObserved")
    assert owner.wait_for_children("Secret/demo-pki")["Secret/demo-pki"]["data"] == pki["data"]


def restore_pki(owner: Owner, pki: Manifest) -> None:
    """Under its name, with the label by which Metacontroller knows its children."""
    uid = owner.kubectl.get("vk8s", "demo")["metadata"]["uid"]
    metadata = {"name": "demo-pki", "labels": {"controller-uid": uid}}
    owner.kubectl.apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": pki["data"]})


@pytest.mark.nightly("tests/chaos/test_histories.py")
def test_two_views_of_a_late_cache_never_mix_two_authorities(late_owner: Owner) -> None:
    late_owner.kubectl.apply(build_vk8s())
    children = late_owner.wait_for_children("Pod/m", "Pod/w")
    authority = read(children["Secret/demo-pki"], "ca.crt")
    assert read(children["Secret/demo-join"], "ca.crt") == authority
    worker = x509.load_pem_x509_certificate(read(children["Secret/demo-join"], "kubelet-w.pem"))
    worker.verify_directly_issued_by(x509.load_pem_x509_certificate(authority))
    kubeconfig = yaml.safe_load(read(children["Secret/demo-kubeconfig"], "value"))
    assert base64.b64decode(kubeconfig["clusters"][0]["cluster"]["certificate-authority-data"]) == authority
    client = base64.b64decode(kubeconfig["users"][0]["user"]["client-certificate-data"])
    x509.load_pem_x509_certificate(client).verify_directly_issued_by(x509.load_pem_x509_certificate(authority))


def test_secrets_are_in_no_log_and_no_event(owner: Owner, controlled: HostCluster) -> None:
    owner.run_cluster()
    secrets = [child for name, child in owner.children().items() if name.startswith("Secret/")]
    values = {value for secret in secrets for value in secret["data"].values()}
    texts = {base64.b64decode(value).decode().strip() for value in values} | values
    places = [(controlled.testbed.logs / f"{name}.log").read_text() for name in ("hooks", "metacontroller")]
    assert len(texts) > len(values) > 8
    for place in [*places, owner.kubectl.run("get", "events", "--output=json")]:
        assert not [text for text in texts if text in place]
    assert "sync" in programs.read_log(controlled.testbed, "hooks")
