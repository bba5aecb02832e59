"""The administrator's kubeconfig: creating it, and when to renew it."""

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import yaml
from cryptography import x509

from hooks.kubernetes.yaml_text import Dumper
from hooks.vk8s.keys.pki import Authority, Subject, encode_cert, issue_client_cert
from hooks.vk8s.spec.cluster import VirtualCluster

# The key that Cluster API and its tools use, and a file name for a mounted Secret.
KUBECONFIG_FILE = "config"
KUBECONFIG_KEYS = ("value", KUBECONFIG_FILE)
USER = "vk8s-admin"
# kubeadm binds this group to cluster-admin. Unlike `system:masters`, the binding can be removed.
ADMIN_GROUP = "kubeadm:cluster-admins"
API_PORT = 6443
RENEW_BEFORE = timedelta(days=30)
# Ten times as fast, if PyYAML was built with it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Issuer:
    """The inputs of a certificate that is issued now. `validity`: how long it is valid, at most as long as its CA."""

    authority: Authority
    validity: timedelta
    now: datetime

    @property
    def start(self) -> datetime:
        """The first moment at which a certificate issued now is valid."""
        return max(self.now, self.authority.cert.not_valid_before_utc)

    @property
    def end(self) -> datetime:
        """The last moment at which a certificate can be valid."""
        return self.authority.cert.not_valid_after_utc


@dataclass(frozen=True)
class Kubeconfig:
    """A kubeconfig as text, and when to renew it; None if a new one would not be valid for longer."""

    text: str
    renewal: datetime | None


def build_kubeconfig(cluster: VirtualCluster, issuer: Issuer, entropy: bytes) -> Kubeconfig:
    """A kubeconfig with a new certificate."""
    entry, subject = _build_entry(cluster, issuer), Subject(USER, ADMIN_GROUP, issuer.start + issuer.validity)
    cert, key = issue_client_cert(issuer.authority, entropy, subject)
    text = yaml.dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": cluster.name, "cluster": entry}],
            "users": [{"name": USER, "user": {"client-certificate-data": _text(cert), "client-key-data": _text(key)}}],
            "contexts": [{"name": cluster.name, "context": {"cluster": cluster.name, "user": USER}}],
            "current-context": cluster.name,
        },
        Dumper=Dumper,
        sort_keys=False,
    )
    return Kubeconfig(text, compute_renewal_time(min(subject.not_after, issuer.end), issuer))


def parse_client_cert(kubeconfig: bytes, cluster: VirtualCluster, issuer: Issuer) -> x509.Certificate | None:
    """The certificate in a kubeconfig that can stay; None if it is not ours, or not for this server or CA.

    Also None if it starts later than one issued now, or outlives its CA: earlier hooks issued such certificates.
    """
    try:
        parsed = yaml.load(kubeconfig, _LOADER)  # noqa: S506 a safe loader, both of them
        entry, user = parsed["clusters"][0]["cluster"], parsed["users"][0]["user"]
        cert = x509.load_pem_x509_certificate(b64decode(user["client-certificate-data"]))
    except (yaml.YAMLError, LookupError, TypeError, ValueError):
        return None
    is_timely = cert.not_valid_before_utc <= issuer.start and cert.not_valid_after_utc <= issuer.end
    return cert if is_timely and entry == _build_entry(cluster, issuer) else None


def compute_renewal_time(end: datetime, issuer: Issuer) -> datetime | None:
    """When to renew a certificate that expires at `end`: 30 days before, or when a third of a short validity is left.

    None if a new one would not be valid for longer, as it expires with its CA.
    """
    if end >= issuer.end:
        return None
    return end - min(RENEW_BEFORE, issuer.validity / 3)


def read_client_expiry(kubeconfig: bytes) -> datetime | None:
    """When the certificate in the kubeconfig expires; None if none can be read.

    Our kubeconfigs have one key per line. For a date to show, that is enough; parsing YAML would take a tenth of a
    call.
    """
    found = re.search(rb"client-certificate-data: (\S+)", kubeconfig)
    try:
        return x509.load_pem_x509_certificate(b64decode(found[1])).not_valid_after_utc if found else None
    except ValueError:
        return None


def _build_entry(cluster: VirtualCluster, issuer: Issuer) -> Mapping[str, Any]:
    return {
        "server": f"https://{cluster.endpoint}:{API_PORT}",
        "certificate-authority-data": _text(encode_cert(issuer.authority.cert)),
        # So that the same file works through a port-forward, with only `--server` changed.
        "tls-server-name": cluster.endpoint,
    }


def _text(pem: bytes) -> str:
    return b64encode(pem).decode()
