"""The administrator's kubeconfig: writing one, and telling when it has to be written anew."""

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import yaml
from cryptography import x509

from hooks.vk8s.cluster import VirtualCluster
from hooks.vk8s.pki import BACKDATE, Authority, Subject, encode_cert, find_expiry, issue_client_cert

# The convention of Cluster API, which tools look for, and a name that a mounted Secret reads well by.
KUBECONFIG_FILE = "config"
KUBECONFIG_KEYS = ("value", KUBECONFIG_FILE)
USER = "vk8s-admin"
# kubeadm binds this group to cluster-admin; unlike system:masters, that can be taken back.
ADMIN_GROUP = "kubeadm:cluster-admins"
API_PORT = 6443
RENEW_BEFORE = timedelta(days=30)
# Ten times as fast, where PyYAML came with it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def build_kubeconfig(
    cluster: VirtualCluster, authority: Authority, validity: timedelta, moment: tuple[datetime, bytes]
) -> str:
    """A kubeconfig whose certificate is valid for `validity` from the time in `moment` (time, entropy)."""
    now, entropy = moment
    subject = Subject(USER, ADMIN_GROUP, now - BACKDATE, now + validity)
    cert, key = issue_client_cert(authority, entropy, subject)
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": cluster.name, "cluster": _build_cluster_entry(cluster, authority)}],
            "users": [{"name": USER, "user": {"client-certificate-data": _text(cert), "client-key-data": _text(key)}}],
            "contexts": [{"name": cluster.name, "context": {"cluster": cluster.name, "user": USER}}],
            "current-context": cluster.name,
        },
        sort_keys=False,
    )


def find_renewal_time(kubeconfig: bytes, cluster: VirtualCluster, authority: Authority) -> datetime | None:
    """When this kubeconfig is to be renewed, or None where it is not right as it is: not ours, not this server's."""
    try:
        parsed = yaml.load(kubeconfig, _LOADER)  # noqa: S506 a safe loader, both of them
        entry, user = parsed["clusters"][0]["cluster"], parsed["users"][0]["user"]
        cert = x509.load_pem_x509_certificate(b64decode(user["client-certificate-data"]))
    except (yaml.YAMLError, LookupError, TypeError, ValueError):
        return None
    if entry != _build_cluster_entry(cluster, authority):
        return None
    return _renewal_time(cert)


def find_client_expiry(kubeconfig: bytes) -> datetime | None:
    """Until when the certificate in the kubeconfig is valid; None where there is none to be read.

    Ours have one key per line; for a date to show, that is enough, and YAML would take a tenth of the whole call.
    """
    found = re.search(rb"client-certificate-data: (\S+)", kubeconfig)
    try:
        return find_expiry(b64decode(found[1])) if found else None
    except ValueError:
        return None


def _renewal_time(cert: x509.Certificate) -> datetime:
    """30 days before the end, or with short-lived certificates when a third of the validity is left."""
    validity = cert.not_valid_after_utc - cert.not_valid_before_utc - BACKDATE
    return cert.not_valid_after_utc - min(RENEW_BEFORE, validity / 3)


def _build_cluster_entry(cluster: VirtualCluster, authority: Authority) -> Mapping[str, Any]:
    return {
        "server": f"https://{cluster.endpoint}:{API_PORT}",
        "certificate-authority-data": _text(encode_cert(authority.cert)),
        # So that the same file works through a port-forward, with only `--server` changed.
        "tls-server-name": cluster.endpoint,
    }


def _text(pem: bytes) -> str:
    return b64encode(pem).decode()
