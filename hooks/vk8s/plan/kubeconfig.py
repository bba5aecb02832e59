"""Planning the Secret with the administrator's kubeconfig: returned unchanged until it has to be renewed."""

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.children.kubeconfig_secret import build_kubeconfig_secret
from hooks.vk8s.keys.kubeconfig import (
    KUBECONFIG_KEYS,
    Issuer,
    build_kubeconfig,
    compute_renewal_time,
    parse_client_cert,
)
from hooks.vk8s.keys.pki import Authority, PkiError, read_secret
from hooks.vk8s.observed.children import SECRET
from hooks.vk8s.part import Part
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.naming import kubeconfig_secret_name


def plan_kubeconfig(situation: Situation, authority: Authority) -> Part:
    """The observed kubeconfig while it is valid and not due for renewal, else a new one."""
    cluster = situation.cluster
    issuer = Issuer(authority, situation.settings.kubeconfig_validity, situation.now)
    name = kubeconfig_secret_name(cluster.name)
    existing = situation.observed.find(SECRET, name)
    if existing is not None:
        cert = parse_client_cert(_read_kubeconfig(existing), cluster, issuer)
        due = compute_renewal_time(cert.not_valid_after_utc, issuer) if cert else None
        if cert and (due is None or situation.now < due):
            return Part(kept={(SECRET, name): {}}, due=due)
    kubeconfig = build_kubeconfig(cluster, issuer, situation.context.entropy)
    return Part(children=[build_kubeconfig_secret(cluster.identity, kubeconfig.text)], due=kubeconfig.renewal)


def _read_kubeconfig(secret: Manifest) -> bytes:
    """The content of both keys; empty if they differ."""
    try:
        files = read_secret(secret)
    except PkiError:
        return b""
    contents = {files.get(key, b"") for key in KUBECONFIG_KEYS}
    return contents.pop() if len(contents) == 1 else b""
