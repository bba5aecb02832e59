"""The Secrets with keys: `pki`, from which all else follows, and `join` and `kubeconfig`, which are made from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hooks.manifest import Manifest
from hooks.vk8s import observed as seen
from hooks.vk8s.children.join_secret import build_join_secret
from hooks.vk8s.children.kubeconfig_secret import build_kubeconfig_secret
from hooks.vk8s.children.pki_secret import build_pki_secret
from hooks.vk8s.cluster import VirtualCluster
from hooks.vk8s.conditions import Trouble
from hooks.vk8s.context import Context
from hooks.vk8s.keep import keep
from hooks.vk8s.kubeconfig import KUBECONFIG_KEYS, build_kubeconfig, find_renewal_time
from hooks.vk8s.naming import join_secret_name, kubeconfig_secret_name, pki_secret_name
from hooks.vk8s.observed import Observed
from hooks.vk8s.pki import Authority, PkiError, build_pki, parse_authority, read_secret


@dataclass(frozen=True)
class Keys:
    """The Secrets with keys to answer with.

    `pki`: as it was observed, or new; None where it can't be used or has to be restored, which `trouble` says.
    `made`: what is made from it, once it is observed; `due`: when time alone changes that.
    """

    pki: Manifest | None
    made: Sequence[Manifest] = ()
    due: datetime | None = None
    trouble: Trouble | None = None


def plan_keys(cluster: VirtualCluster, observed: Observed, context: Context) -> Keys:
    """The Secrets with keys. Nothing is made from a PKI that is not observed yet: two calls must not mix two CAs."""
    secret = observed.find(seen.SECRET, pki_secret_name(cluster.name))
    if secret is None:
        return _plan_without_pki(cluster, observed, context)
    try:
        files = read_secret(secret)
        authority = parse_authority(files)
    except PkiError as error:
        sentence = (
            f"Secret {pki_secret_name(cluster.name)} can't be used: {error}. Restore it; all else is kept as it is."
        )
        return Keys(None, trouble=Trouble("PKIInvalid", sentence))
    kubeconfig, due = _plan_kubeconfig(cluster, observed, context, authority)
    join = build_join_secret(cluster.identity, files, authority)
    return Keys(keep(secret, cluster.identity), [join, kubeconfig], due)


def _plan_without_pki(cluster: VirtualCluster, observed: Observed, context: Context) -> Keys:
    """The first step of a new virtual cluster; for one that has lived, a second CA is never made."""
    from_pki = (join_secret_name(cluster.name), kubeconfig_secret_name(cluster.name))
    leftovers = [
        f"{child['kind']} {name}"
        for kind, name, child in observed.items()
        if kind in (seen.CLAIM, seen.POD) or (kind == seen.SECRET and name in from_pki)
    ]
    if leftovers:
        sentence = (
            f"Secret {pki_secret_name(cluster.name)} is gone, but {', '.join(leftovers)} is still there. A new CA "
            "would lock the nodes out of their cluster: restore it before the master restarts. All else is kept."
        )
        return Keys(None, trouble=Trouble("PKILost", sentence))
    return Keys(
        build_pki_secret(cluster.identity, build_pki(context.entropy, context.now, context.settings.ca_validity))
    )


def _plan_kubeconfig(
    cluster: VirtualCluster, observed: Observed, context: Context, authority: Authority
) -> tuple[Manifest, datetime]:
    """The observed kubeconfig while it is right and not due, else a new one; and when it is due."""
    existing = observed.find(seen.SECRET, kubeconfig_secret_name(cluster.name))
    if existing is not None:
        files = read_secret(existing)
        contents = {files.get(key, b"") for key in KUBECONFIG_KEYS}
        due = find_renewal_time(contents.pop(), cluster, authority) if len(contents) == 1 else None
        if due is not None and context.now < due:
            return keep(existing, cluster.identity), due
    validity = context.settings.kubeconfig_validity
    kubeconfig = build_kubeconfig(cluster, authority, validity, (context.now, context.entropy))
    due = find_renewal_time(kubeconfig.encode(), cluster, authority)
    if due is None:
        raise AssertionError("a new kubeconfig is right")
    return build_kubeconfig_secret(cluster.identity, kubeconfig), due
