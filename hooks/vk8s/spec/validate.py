"""Parsing and checking the spec: the model, or messages with everything that is wrong with it.

Schema and rules of the CRD reject most of this at `kubectl apply`, with the same messages. It is checked again because
an object may be older than a rule, and because the hooks can be called without an API server.
"""

import re
from collections import Counter
from collections.abc import Iterator

from pydantic import ValidationError

from hooks.kubernetes.forms import DNS_ADVICE, describe_form
from hooks.kubernetes.names import DNS_1035, DNS_1123
from hooks.kubernetes.quantity import parse_quantity
from hooks.vk8s.spec.backup_rules import list_backup_problems, list_restore_problems
from hooks.vk8s.spec.image_versions import parse_version
from hooks.vk8s.spec.model import KUBEFLOW_PORT, NODE_PORTS, NodeSpec, Spec
from hooks.vk8s.spec.naming import MAX_VK8S_NAME, access_pod_name
from hooks.vk8s.spec.network_rules import parse_networks
from hooks.vk8s.spec.placement_rules import list_placement_problems

# The numbers of Kubeflow's releases: versions until 1.11, year and month since.
KUBEFLOW_VERSION = r"v[0-9]+\.[0-9]+\.[0-9]+|[0-9]{2}\.[0-9]{2}(\.[0-9]+)?"
# An even number survives no more losses than the number before it.
MASTER_COUNTS = (1, 3, 5)
# etcd 3.6 comes with it. Learners that earlier versions promoted may turn into learners again on the way to 3.6:
# https://github.com/etcd-io/etcd/issues/19557.
MEMBERS_SINCE = 34
# It is inserted into YAML and a script.
EMAIL = r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*"
# Type, key, and a comment; no options and no second line.
PUBLIC_KEY = r"(sk-)?(ssh|ecdsa)-[a-z0-9@.-]+ [A-Za-z0-9+/]+=*( [^\r\n]*)?"


def parse_spec(raw: object) -> tuple[Spec | None, list[str]]:
    """The model of `raw` and no problem, or None and every problem of its form, one message each."""
    try:
        return Spec.model_validate(raw), []
    except ValidationError as error:
        return None, describe_form(error)


def check_spec(name: str, spec: Spec) -> list[str]:
    """A message for every rule that the Vk8s `name` with `spec` breaks, which says what to write instead."""
    return [
        *_name_problems(name, spec.nodes),
        *_master_problems(spec.nodes),
        *_resource_problems(spec.nodes),
        *list_placement_problems(spec.nodes),
        *_storage_problems(spec),
        *_network_problems(spec),
        *_port_problems(spec),
        *_kubeflow_problems(spec),
        *_key_problems(spec),
        *list_backup_problems(name, spec.backup),
        *list_restore_problems(spec),
    ]


def _name_problems(name: str, nodes: list[NodeSpec]) -> Iterator[str]:
    if len(name) > MAX_VK8S_NAME or not re.fullmatch(DNS_1035, name):
        yield (
            f"metadata.name: write a name of at most {MAX_VK8S_NAME} lower-case letters, digits and '-' that starts "
            "with a letter: the Services of the virtual cluster are named after it."
        )
    for node, count in Counter(node.name for node in nodes).items():
        if count > 1:
            yield f"spec.nodes: {count} nodes are named {node}; give each node a name of its own."
    for index, each in enumerate(nodes):
        if each.name.endswith(access_pod_name("")):
            yield f"spec.nodes[{index}].name: names of access pods end so; give the node another one."


def _master_problems(nodes: list[NodeSpec]) -> Iterator[str]:
    masters = [node for node in nodes if node.role == "master"]
    if len(masters) not in MASTER_COUNTS:
        yield "spec.nodes: write one, three or five nodes with role: master."
    elif nodes[: len(masters)] != masters:
        yield "spec.nodes: write the control-plane nodes (role: master) first."
    if len(masters) > 1:
        yield from _member_problems(nodes)


def _member_problems(nodes: list[NodeSpec]) -> Iterator[str]:
    """What keeps several control-plane nodes from being members of one etcd."""
    for index, node in enumerate(nodes):
        version = parse_version(node.image) if node.role == "master" else None
        if version and version.minor < MEMBERS_SINCE:
            yield (
                f"spec.nodes[{index}].image: several control-plane nodes need Kubernetes v1.{MEMBERS_SINCE} or newer; "
                "write such an image for all of them."
            )


def _resource_problems(nodes: list[NodeSpec]) -> Iterator[str]:
    for index, node in enumerate(nodes):
        requests, limits = node.resources.requests, node.resources.limits
        both = requests.keys() & limits.keys()
        if any(parse_quantity(requests[name]) > parse_quantity(limits[name]) for name in both):
            yield f"spec.nodes[{index}].resources: write requests that are not above the limits."
        devices = [name for name in requests if "/" in name]
        if any(name not in both or parse_quantity(requests[name]) != parse_quantity(limits[name]) for name in devices):
            yield f"spec.nodes[{index}].resources: write the same request as limit for a device, or only limits."


def _storage_problems(spec: Spec) -> Iterator[str]:
    if parse_quantity(spec.storage.size) <= 0:
        yield "spec.storage.size: write a size such as 20Gi."
    if spec.storage.ephemeral and spec.storage.retain:
        yield "spec.storage.retain: write false: with ephemeral there are no volumes."
    if spec.storage.ephemeral and len(spec.control_plane) > 1:
        yield (
            "spec.storage.ephemeral: write false: with several control-plane nodes, each needs a volume, or a restart "
            "of their hosts could lose what was acknowledged."
        )


def _network_problems(spec: Spec) -> Iterator[str]:
    networks = parse_networks(spec)
    for field, network in networks.items():
        if network is None:
            yield f"spec.kubernetes.{field}: write an IPv4 network such as 198.18.0.0/16, no bits set after the prefix."
    pods, services = networks.values()
    if pods and services and pods.overlaps(services):
        yield "spec.kubernetes: podNetworkCidr and serviceCidr overlap; write two networks that share no address."


def _port_problems(spec: Spec) -> Iterator[str]:
    names, numbers = {port.name for port in spec.ports}, {port.port for port in spec.ports}
    for what, values in (("name", names), ("number", numbers)):
        if len(values) < len(spec.ports):
            yield f"spec.ports: give each port a {what} of its own."
    for index, port in enumerate(spec.ports):
        if not re.fullmatch(DNS_1123, port.name):
            yield f"spec.ports[{index}].name: {DNS_ADVICE}."
        if port.target_port != port.port:
            yield f"spec.ports[{index}].targetPort: write the same number as port."
    if spec.access_pod_port in numbers:
        yield "spec.accessPodPort: is also one of spec.ports; write another number in one of the two."


def _kubeflow_problems(spec: Spec) -> Iterator[str]:
    if spec.kubeflow is None:
        return
    if not re.fullmatch(KUBEFLOW_VERSION, spec.kubeflow.version):
        yield "spec.kubeflow.version: write a version such as v1.9.0, 26.03 or 26.03.1."
    if not re.fullmatch(EMAIL, spec.kubeflow.email):
        yield "spec.kubeflow.email: write an e-mail address such as user@example.com."
    ports = [port.port for port in spec.ports if port.name == KUBEFLOW_PORT]
    if not ports:
        yield "spec: add a port named kubeflow: Kubeflow's user interface is reached through it."
    elif ports[0] not in NODE_PORTS:
        numbers = f"{NODE_PORTS.start} to {NODE_PORTS.stop - 1}"
        yield f"spec.ports: the port named kubeflow is a NodePort inside; write a number from {numbers}."


def _key_problems(spec: Spec) -> Iterator[str]:
    for index, key in enumerate(spec.access.authorized_keys):
        if not re.fullmatch(PUBLIC_KEY, key):
            yield f"spec.access.authorizedKeys[{index}]: write a public key as it stands in id_ed25519.pub or the like."
