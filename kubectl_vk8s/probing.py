"""Checks on the hosts themselves: a privileged pod on each of them tries what a node needs, and is deleted again."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from kubectl_vk8s import Manifest
from kubectl_vk8s.checks import Finding
from kubectl_vk8s.kubectl import Kubectl, KubectlError
from kubectl_vk8s.problems import Exit, ProblemError
from kubectl_vk8s.screen import Tone

LABEL: Final = "app.kubernetes.io/name=vk8s-probe"
TONES: Final = {"ok": Tone.GOOD, "note": Tone.MOVING, "problem": Tone.BAD}
_KEEPS_OUT: Final = ("NoSchedule", "NoExecute")
_CONTAINER: Final = "probe"


@dataclass(frozen=True)
class Host:
    """A node of the host cluster. `obstacle`: why no node pod would be scheduled there, empty if one might be."""

    name: str
    obstacle: str


def list_hosts(kubectl: Kubectl, wanted: Sequence[str]) -> list[Host]:
    """All hosts, or only those `wanted`, whatever keeps pods out of these. ProblemError if one is missing."""
    hosts = [_read_host(node) for node in kubectl.get_all("nodes")]
    unknown = sorted(set(wanted) - {host.name for host in hosts})
    if unknown:
        raise ProblemError(f"The host cluster has no node {unknown[0]}.", Exit.NOT_FOUND)
    return [Host(host.name, "") for host in hosts if host.name in wanted] if wanted else hosts


def _read_host(node: Manifest) -> Host:
    taints = [each["key"] for each in node["spec"].get("taints") or [] if each["effect"] in _KEEPS_OUT]
    return Host(node["metadata"]["name"], f"it has taint {taints[0]}" if taints else "")


def probe(kubectl: Kubectl, hosts: Sequence[Host], image: str, seconds: float) -> Iterator[Finding]:
    """What has been found on each host. `seconds`: how long an image may be pulled, and a pod may run."""
    probed = [host.name for host in hosts if not host.obstacle]
    for host in hosts:
        if host.obstacle:
            yield Finding(f"{host.name} was not tried", Tone.NONE, f"{host.obstacle}; --host {host.name} tries it.")
    with _running(kubectl, [build_pod(name, image, seconds) for name in probed]):
        with suppress(KubectlError):
            # Those that did not end say so in their status.
            done = "--for=jsonpath={.status.phase}=Succeeded"
            kubectl.run("wait", "pods", f"--selector={LABEL}", done, f"--timeout={seconds:.0f}s")
        for pod in kubectl.get_all("pods", f"--selector={LABEL}"):
            yield from _read_findings(kubectl, pod)


@contextmanager
def _running(kubectl: Kubectl, pods: Sequence[Manifest]) -> Iterator[None]:
    """The pods run meanwhile, and no others of earlier probes."""
    delete = ("delete", "pods", f"--selector={LABEL}", "--ignore-not-found")
    kubectl.run(*delete)
    try:
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(pods)})
        if pods:
            kubectl.run("create", "--filename=-", stdin=text)
        yield
    finally:
        kubectl.run(*delete, "--wait=false")


def read_script() -> str:
    """What the pods run: the checks of the boot of nodes (hooks/vk8s/bootstrap/host.sh), and how they are shown."""
    return "\n".join(files("kubectl_vk8s").joinpath(name).read_text("utf-8") for name in ("host.sh", "probe.sh"))


def build_pod(host: str, image: str, seconds: float) -> Manifest:
    """A pod that is on that host, whatever a scheduler would say, and has as much right there as a node pod."""
    key, _, value = LABEL.partition("=")
    container = {
        "name": _CONTAINER,
        "image": image,
        "command": ["/bin/bash", "-c", read_script()],
        "securityContext": {"privileged": True},
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}},
        "volumeMounts": [
            {"name": "disk", "mountPath": "/disk"},
            {"name": "modules", "mountPath": "/lib/modules", "readOnly": True},
        ],
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        # Names of hosts may have dots, and be as long as those of pods.
        "metadata": {"generateName": "vk8s-probe-", "labels": {key: value}},
        "spec": {
            "nodeName": host,
            "restartPolicy": "Never",
            "activeDeadlineSeconds": max(1, int(seconds)),
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 1,
            "containers": [container],
            "volumes": [{"name": "disk", "emptyDir": {}}, {"name": "modules", "hostPath": {"path": "/lib/modules"}}],
        },
    }


def _read_findings(kubectl: Kubectl, pod: Manifest) -> Iterator[Finding]:
    host, status = pod["spec"]["nodeName"], pod.get("status") or {}
    if status.get("phase") != "Succeeded":
        yield Finding(f"{host} could not be tried", Tone.BAD, describe_pod(status))
        return
    for line in kubectl.run("logs", pod["metadata"]["name"], f"--container={_CONTAINER}").splitlines():
        mark, title, advice = line.split("\t")
        yield Finding(f"{host}: {title}", TONES[mark], f"{advice}." if advice else "")


def describe_pod(status: Manifest) -> str:
    """Why the pod has not done its work."""
    states = [each.get("state") or {} for each in status.get("containerStatuses") or []]
    waiting = [each["waiting"] for each in states if "waiting" in each]
    said = [status.get("message"), *(each.get("message") or each.get("reason") for each in waiting)]
    return next((str(each) for each in said if each), f"its pod is {status.get('phase', 'unknown')}")
