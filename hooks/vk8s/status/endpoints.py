"""What the owner of a virtual cluster connects to, and when the certificates for that expire."""

from collections.abc import Iterator

from hooks.kubernetes.conditions import format_time
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.keys.kubeconfig import API_PORT, KUBECONFIG_KEYS, read_client_expiry
from hooks.vk8s.keys.pki_files import read_ca_end, read_files
from hooks.vk8s.observed.children import SECRET, SERVICE, Observed
from hooks.vk8s.situation import Call
from hooks.vk8s.spec.cluster import list_api_names
from hooks.vk8s.spec.labels import ROLE
from hooks.vk8s.spec.model import KUBEFLOW_PORT
from hooks.vk8s.spec.naming import (
    access_service_name,
    api_service_name,
    kubeconfig_secret_name,
    pki_secret_name,
    ports_service_name,
)


def build_endpoint_fields(call: Call) -> Manifest:
    """`endpoints`, `kubeconfigSecret` and `certificatesExpire` of the status, as far as they are observed."""
    identity, observed = call.identity, call.observed
    endpoints = dict(_list_endpoints(call))
    secret = kubeconfig_secret_name(identity.name)
    expiries = dict(_list_expiries(identity.name, observed))
    return {
        **({"endpoints": endpoints} if endpoints else {}),
        **({"kubeconfigSecret": secret} if observed.has(SECRET, secret) else {}),
        **({"certificatesExpire": expiries} if expiries else {}),
    }


def _list_endpoints(call: Call) -> Iterator[tuple[str, object]]:
    identity, observed = call.identity, call.observed
    if observed.has(SERVICE, api_service_name(identity.name)):
        yield "api", f"https://{list_api_names(identity, call.settings.cluster_domain)[-1]}:{API_PORT}"
    ssh = _list_node_ports(observed, access_service_name(identity.name))
    if ssh:
        yield "ssh", ssh[0]["nodePort"]
    ports = _list_node_ports(observed, ports_service_name(identity.name))
    kubeflow = [port["nodePort"] for port in ports if port["name"] == KUBEFLOW_PORT]
    address = _find_host_address(observed)
    if kubeflow and address:
        yield "kubeflow", f"http://{address}:{kubeflow[0]}"
    if ports:
        yield "ports", ports


def _list_node_ports(observed: Observed, service: str) -> list[Manifest]:
    """The ports of a Service that have a node port."""
    spec = (observed.find(SERVICE, service) or {}).get("spec", {})
    return [
        {"name": port.get("name", ""), "port": port["port"], "nodePort": port["nodePort"]}
        for port in spec.get("ports", [])
        if "nodePort" in port
    ]


def _find_host_address(observed: Observed) -> str | None:
    """Address of a host: that of a control-plane pod, or of any other node pod. All hosts have the same node ports."""
    pods = [(pod["metadata"].get("labels", {}).get(ROLE, ""), pod) for _, pod in sorted(observed.pods().items())]
    nodes = [pod for _, pod in sorted(pods, key=lambda entry: entry[0] != "master")]
    return next((str(host) for pod in nodes if (host := pod.get("status", {}).get("hostIP"))), None)


def _list_expiries(vk8s: str, observed: Observed) -> Iterator[tuple[str, str]]:
    """When the certificates expire that the hooks see. Those in the nodes are issued again at each boot."""
    pki, kubeconfig = read_files(observed, pki_secret_name(vk8s)), read_files(observed, kubeconfig_secret_name(vk8s))
    ca = read_ca_end(pki)
    if ca:
        yield "ca", format_time(ca)
    client = read_client_expiry(kubeconfig.get(KUBECONFIG_KEYS[0], b""))
    if client:
        yield "kubeconfig", format_time(client)
