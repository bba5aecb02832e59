"""Service `<vk8s>-etcd`: the names of several control-plane nodes, by which the members of etcd find each other.

A pod with its `subdomain` has the name `<node>.<vk8s>-etcd.<namespace>.svc.<domain>`, whatever its address is:
https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/#pod-hostname-and-subdomain-field.
"""

from typing import Final

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.spec.cluster import Identity
from hooks.vk8s.spec.labels import build_metadata, role_selector
from hooks.vk8s.spec.naming import etcd_service_name

_PEER_PORT: Final = 2380


def build_etcd_service(identity: Identity) -> Manifest:
    """The headless Service of the control-plane pods."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": build_metadata(identity, etcd_service_name(identity.name)),
        "spec": {
            "type": "ClusterIP",
            "clusterIP": "None",
            "selector": role_selector(identity.name, "master"),
            "ports": [{"name": "peers", "protocol": "TCP", "port": _PEER_PORT, "targetPort": _PEER_PORT}],
            # No member is Ready before it has found the others.
            "publishNotReadyAddresses": True,
        },
    }
