"""What a report about a virtual cluster holds: everything that helps, and nothing that is secret."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from kubectl_vk8s import VERSION, Manifest
from kubectl_vk8s.kubectl import Kubectl, KubectlError
from kubectl_vk8s.logs import Wanted, read_lines
from kubectl_vk8s.names import SYSTEM_NAMESPACE, VK8S_LABEL
from kubectl_vk8s.system import HOOKS, METACONTROLLER
from kubectl_vk8s.vk8s import Vk8s

_KINDS: Final = ("pods", "persistentvolumeclaims", "services", "jobs", "networkpolicies")
# Of these, only the names of what they hold.
_CLOSED_KINDS: Final = ("secrets", "configmaps")
# Metacontroller writes all that it has applied into this annotation, the content of Secrets as well.
_APPLIED: Final = (
    "metacontroller.k8s.io/last-applied-configuration",
    "kubectl.kubernetes.io/last-applied-configuration",
)
# Lines as `read_logs` writes them: time, node, text.
NODES_LOG: Final = "nodes.log"
_LINES: Final = "--tail=2000"


@dataclass(frozen=True)
class Part:
    """A file of the report. `problem`: why it is missing."""

    name: str
    text: str
    problem: str = ""


def collect(kubectl: Kubectl, vk8s: Vk8s) -> Iterator[Part]:
    """The parts, one after the other; what may not be read is named instead."""
    system = kubectl.within(SYSTEM_NAMESPACE)
    yield Part("vk8s.json", _dump(strip(vk8s.manifest)))
    for kind in (*_KINDS, *_CLOSED_KINDS):
        yield _read(f"{kind}.json", partial(_read_kind, kubectl, vk8s, kind))
    yield _read("events.json", lambda: _dump([strip(each) for each in list_events(kubectl, vk8s)]))
    yield _read(NODES_LOG, lambda: read_logs(kubectl, Wanted(vk8s.name)))
    yield _read("nodes-previous.log", lambda: read_logs(kubectl, Wanted(vk8s.name, is_previous=True)))
    for name in (HOOKS, METACONTROLLER):
        command = ("logs", f"deployment/{name}", "--all-pods", "--prefix", "--timestamps", _LINES)
        yield _read(f"{name}.log", partial(system.run, *command))
    yield _read("versions.json", lambda: kubectl.run("version", "--output=json"))
    yield Part("kubectl-vk8s-version", f"{VERSION}\n")


def _read_kind(kubectl: Kubectl, vk8s: Vk8s, kind: str) -> str:
    shorten = close if kind in _CLOSED_KINDS else strip
    return _dump([shorten(each) for each in kubectl.get_all(kind, f"--selector={VK8S_LABEL}={vk8s.name}")])


def strip(manifest: Manifest) -> Manifest:
    """The object without what repeats it, and without managedFields."""
    metadata = {key: value for key, value in manifest["metadata"].items() if key != "managedFields"}
    annotations = {key: value for key, value in (metadata.get("annotations") or {}).items() if key not in _APPLIED}
    return {**manifest, "metadata": {**metadata, "annotations": annotations}}


def close(manifest: Manifest) -> Manifest:
    """A Secret or ConfigMap with the sizes of what it holds, and without annotations, which may repeat it."""
    metadata = {
        key: value for key, value in manifest["metadata"].items() if key not in ("annotations", "managedFields")
    }
    sizes = {key: f"{len(value)} characters" for key, value in (manifest.get("data") or {}).items()}
    return {"kind": manifest["kind"], "metadata": metadata, "data": sizes}


def list_events(kubectl: Kubectl, vk8s: Vk8s) -> Iterator[Manifest]:
    """Events of the Vk8s, and of what has its name, or that of one of its nodes, at the beginning of its own."""
    names = (vk8s.name, *(node.name for node in vk8s.nodes))
    for event in kubectl.get_all("events"):
        about = str((event.get("involvedObject") or {}).get("name", ""))
        if about.startswith(names):
            yield event


def read_logs(kubectl: Kubectl, wanted: Wanted) -> str:
    """The logs of all nodes, sorted by time."""
    return "".join(f"{line.time} {line.node} {line.text}\n" for line in read_lines(kubectl, wanted))


def _read(name: str, read: Callable[[], str]) -> Part:
    try:
        return Part(name, read())
    except KubectlError as error:
        return Part(name, "", str(error))


def _dump(value: object) -> str:
    return json.dumps(value, indent=1) + "\n"
