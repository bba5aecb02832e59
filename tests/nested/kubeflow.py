"""Kubeflow in a virtual cluster under test: asked for in its spec, installed, installed once more."""

import base64
from dataclasses import replace

from hooks.kubernetes.manifest import Manifest
from testbed.kubectl import has_condition
from testbed.waiting import wait_for
from tests.kubeflow import bundle
from tests.nested.virtual import VirtualCluster

# A port that examples/local.yaml leaves to the tests.
PORT = 30001
READY = "KubeflowReady"
INSTALL_SECONDS = 180
SECONDS = 60
_STATUSES = ("initContainerStatuses", "containerStatuses")
# Accepted only when all that it needs is there.
LAST_OBJECT = ("clustertrainingruntime", "torch-distributed")


def with_port(virtual: VirtualCluster) -> VirtualCluster:
    """The virtual cluster with Kubeflow's port in its file."""
    ports = [*virtual.manifest["spec"]["ports"], {"name": "kubeflow", "port": PORT, "targetPort": PORT}]
    return _with_spec(virtual, {**virtual.manifest["spec"], "ports": ports})


def with_version(virtual: VirtualCluster, version: str | None) -> VirtualCluster:
    """The virtual cluster with that version of Kubeflow in its file, or none."""
    spec = {key: value for key, value in virtual.manifest["spec"].items() if key != "kubeflow"}
    return _with_spec(virtual, {**spec, **({"kubeflow": {"version": version}} if version else {})})


def _with_spec(virtual: VirtualCluster, spec: Manifest) -> VirtualCluster:
    return replace(virtual, manifest={**virtual.manifest, "spec": spec})


def prepare(virtual: VirtualCluster) -> None:
    """Brings the cluster up with all that Kubeflow will need, and no Job for it unless that is done."""
    without = with_version(virtual, None)
    without.ensure_running()
    without.wait_for_nodes()
    without.give_image(bundle.build_image())


def is_installed(virtual: VirtualCluster) -> bool:
    """Whether the cluster has the spec of the file, and the Kubeflow that it asks for."""
    vk8s = virtual.kubectl.find("vk8s", virtual.name) or {}
    is_told = vk8s.get("status", {}).get("observedGeneration") == vk8s.get("metadata", {}).get("generation")
    return is_told and _asks_for_same(virtual, vk8s) and has_condition(vk8s, READY)


def has_been_installed(virtual: VirtualCluster) -> bool:
    """Whether it was once, and is asked for; meanwhile, something in it may have broken."""
    vk8s = virtual.kubectl.find("vk8s", virtual.name)
    return _asks_for_same(virtual, vk8s or {}) and virtual.inside.find(*LAST_OBJECT) is not None


def _asks_for_same(virtual: VirtualCluster, vk8s: Manifest) -> bool:
    return bool(vk8s) and vk8s["spec"].get("kubeflow", {}).get("version") == read_version(virtual)


def read_version(virtual: VirtualCluster) -> str:
    """The version that the file asks for."""
    return str(virtual.manifest["spec"]["kubeflow"]["version"])


def wait_until_installed(virtual: VirtualCluster) -> None:
    """Returns as soon as status says so."""
    wait_for("Kubeflow", lambda: is_installed(virtual), INSTALL_SECONDS, lambda: describe(virtual))


def install_again(virtual: VirtualCluster) -> str:
    """Deletes the Job, and returns the uid of the one that takes its place."""
    name = f"{virtual.name}-kubeflow"
    before = (virtual.kubectl.find("job", name) or {"metadata": {"uid": ""}})["metadata"]["uid"]
    virtual.kubectl.run("delete", "job", name, "--ignore-not-found", "--wait=false")

    def find_another() -> str | None:
        uid = str((virtual.kubectl.find("job", name) or {"metadata": {"uid": ""}})["metadata"]["uid"])
        return uid if uid != before else None

    return wait_for("another Job", find_another, SECONDS, virtual.describe)


def is_complete(virtual: VirtualCluster, uid: str) -> bool:
    """Whether the Job is that one, and is done."""
    job = virtual.kubectl.find("job", f"{virtual.name}-kubeflow")
    return job is not None and job["metadata"]["uid"] == uid and has_condition(job, "Complete")


def has_begun(virtual: VirtualCluster, uid: str, step: str) -> bool:
    """Whether the Job of that uid has come to that step."""
    pods = virtual.kubectl.get("pods", f"--selector=job-name={virtual.name}-kubeflow")["items"]
    own = [pod["status"] for pod in pods if pod["metadata"]["ownerReferences"][0]["uid"] == uid]
    states = [each for status in own for key in _STATUSES for each in status.get(key, []) if each["name"] == step]
    return any("waiting" not in each["state"] or each.get("lastState") for each in states)


def read_condition(virtual: VirtualCluster) -> Manifest:
    """What status says of Kubeflow; empty while that is nothing."""
    conditions = virtual.kubectl.get("vk8s", virtual.name).get("status", {}).get("conditions", [])
    return next((entry for entry in conditions if entry["type"] == READY), {})


def read_secret(virtual: VirtualCluster) -> dict[str, str]:
    """`username` and `password` of Kubeflow's first user."""
    data = virtual.kubectl.get("secret", f"{virtual.name}-kubeflow")["data"]
    return {key: base64.b64decode(value).decode() for key, value in data.items()}


def describe(virtual: VirtualCluster) -> str:
    """What a user would look at when it does not come up."""
    parts = [str(read_condition(virtual)), virtual.kubectl.run("get", "vk8s,jobs,pods", "--output=wide")]
    job = f"job/{virtual.name}-kubeflow"
    if virtual.kubectl.find(job):
        parts.append(virtual.kubectl.run("logs", job, "--all-containers", "--tail=20", "--ignore-errors"))
    inside = virtual.inside.run("get", "deployments,statefulsets,pods", "--all-namespaces", "--output=wide")
    return "\n".join(["", *parts, inside])
