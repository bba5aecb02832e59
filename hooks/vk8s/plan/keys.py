"""The Secrets with keys: `pki`, from which all else follows, and `join` and `kubeconfig`, which are made from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hooks.kubernetes.conditions import Trouble, format_time
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.children.join_secret import build_join_secret
from hooks.vk8s.children.kubeconfig_secret import build_kubeconfig_secret
from hooks.vk8s.children.pki_secret import build_pki_secret
from hooks.vk8s.keys.kubeconfig import KUBECONFIG_KEYS, Issuer, build_kubeconfig, find_renewal_time, parse_client_cert
from hooks.vk8s.keys.pki import TOKEN, PkiError, build_pki, public_key_hash, read_secret
from hooks.vk8s.keys.pki_files import Pki, is_token, parse_pki
from hooks.vk8s.observed import children as seen
from hooks.vk8s.observed.children import Observed
from hooks.vk8s.observed.keep import keep
from hooks.vk8s.plan.witnesses import find_known_authorities
from hooks.vk8s.situation import Context
from hooks.vk8s.spec.cluster import ACCEPT_CA_LOSS_ANNOTATION, VirtualCluster
from hooks.vk8s.spec.naming import join_secret_name, kubeconfig_secret_name, pki_secret_name

# Long enough for those who plan their maintenance by the quarter.
CA_WARNING: Final = timedelta(days=180)
# What is accepted where nothing says any more which CA it was.
UNKNOWN_CA: Final = "unknown"
_PAGE: Final = "docs/how-to/renew-ca.md"


@dataclass(frozen=True)
class Keys:
    """The Secrets with keys to answer with.

    `pki`: as it was observed, or new; None where it can't be used or has to be restored, which `trouble` says.
    `made`: what is made from it, once it is observed; `due`: when time alone changes any of this.
    """

    pki: Manifest | None
    made: Sequence[Manifest] = ()
    due: datetime | None = None
    trouble: Trouble | None = None
    warnings: Sequence[str] = ()


def plan_keys(cluster: VirtualCluster, observed: Observed, context: Context) -> Keys:
    """The Secrets with keys. Nothing is made from a PKI that is not observed yet: two calls must not mix two CAs."""
    name = pki_secret_name(cluster.name)
    secret = observed.find(seen.SECRET, name)
    known = find_known_authorities(cluster.name, observed)
    if secret is None:
        return _plan_without_pki(cluster, observed, context, known)
    try:
        pki = parse_pki(read_secret(secret))
    except PkiError as error:
        sentence = f"Secret {name} can't be used: {error}. Restore it; all else is kept as it is."
        return Keys(None, trouble=Trouble("PKIInvalid", sentence))
    if known and public_key_hash(pki.authority.cert) not in known and not _is_given_up(cluster, observed, known):
        sentence = (
            f"Secret {name} can't be used: it holds another CA than the one that this cluster was made with (Secret "
            f"{list(known.values())[-1]}). Restore the right one{_describe_way_out(cluster, observed, known)}. "
            "All else is kept as it is."
        )
        return Keys(None, trouble=Trouble("PKIInvalid", sentence))
    return _plan_with_pki(cluster, observed, context, (pki, keep(secret, cluster.identity)))


def _plan_with_pki(cluster: VirtualCluster, observed: Observed, context: Context, found: tuple[Pki, Manifest]) -> Keys:
    pki, secret = found
    issuer = Issuer(pki.authority, context.settings.kubeconfig_validity, context.now)
    kubeconfig, renewal = _plan_kubeconfig(cluster, observed, issuer, context.entropy)
    moments = [pki.start, pki.end - CA_WARNING, pki.end, *([renewal] if renewal else [])]
    return Keys(
        secret,
        [build_join_secret(cluster.identity, pki.files, pki.authority), kubeconfig],
        min((moment for moment in moments if moment > context.now), default=None),
        _find_trouble(secret["metadata"]["name"], pki, context.now),
        _find_warnings(pki, context.now),
    )


def _plan_without_pki(cluster: VirtualCluster, observed: Observed, context: Context, known: Mapping[str, str]) -> Keys:
    """The first step of a new virtual cluster; for one that has lived, no second CA is made unless its owner says so.

    The token is taken over: it is in the virtual cluster, and workers join by it.
    """
    join, kubeconfig = join_secret_name(cluster.name), kubeconfig_secret_name(cluster.name)
    leftovers = [
        f"{child['kind']} {name}"
        for kind, name, child in observed.items()
        if kind in (seen.CLAIM, seen.POD) or (kind == seen.SECRET and name in (join, kubeconfig))
    ]
    if leftovers and not _is_given_up(cluster, observed, known):
        sentence = (
            f"Secret {pki_secret_name(cluster.name)} is gone, but {', '.join(leftovers)} is still there. A new CA "
            "would lock the nodes out of their cluster: restore it before the master restarts"
            f"{_describe_way_out(cluster, observed, known)}. All else is kept."
        )
        return Keys(None, trouble=Trouble("PKILost", sentence))
    files = build_pki(context.entropy, context.now, context.settings.ca_validity)
    return Keys(build_pki_secret(cluster.identity, {**files, **_read_token(observed.find(seen.SECRET, join))}))


def _read_token(join: Manifest | None) -> Mapping[str, bytes]:
    try:
        token = read_secret(join).get(TOKEN, b"") if join else b""
    except PkiError:
        return {}
    return {TOKEN: token} if is_token(token) else {}


def _is_given_up(cluster: VirtualCluster, observed: Observed, known: Mapping[str, str]) -> bool:
    """Whether the owner wants another CA than the one that all was made with, and no pod lives that has that one."""
    is_named = cluster.accept_ca_loss in (known or {UNKNOWN_CA})
    return is_named and cluster.paused and not observed.pods()


def _describe_way_out(cluster: VirtualCluster, observed: Observed, known: Mapping[str, str]) -> str:
    """How else to go on, as the end of a sentence; nothing where nodes run, whose master has a copy of the PKI."""
    if observed.pods() and not cluster.accept_ca_loss:
        return ""
    lost = [UNKNOWN_CA, *known][-1]
    steps = [
        *([] if cluster.paused else ["pause the Vk8s"]),
        *([f"delete what is left of pods ({', '.join(observed.pods())})"] if observed.pods() else []),
        *([] if cluster.accept_ca_loss == lost else [f"annotate it with {ACCEPT_CA_LOSS_ANNOTATION}={lost}"]),
    ]
    return f", or give the former CA up: {', '.join(steps)} ({_PAGE})"


def _find_trouble(secret: str, pki: Pki, now: datetime) -> Trouble | None:
    """What keeps everything from working that proves itself by a certificate."""
    start, end = format_time(pki.start), format_time(pki.end)
    if now < pki.start:
        # Not what time it is now: a status that differs at each call would be written at each call, and ask again.
        sentence = (
            f"The CAs in Secret {secret} are valid from {start} on, which is yet to come: the clock of the hooks was "
            "ahead when they were made, or is behind now. Until then no node can boot."
        )
        return Trouble("CANotYetValid", sentence)
    if now >= pki.end:
        sentence = (
            f"The CAs in Secret {secret} expired at {end}: no certificate that they have signed is valid any more. "
            f"Give them another end, or make new ones: {_PAGE}."
        )
        return Trouble("CAExpired", sentence)
    return None


def _find_warnings(pki: Pki, now: datetime) -> list[str]:
    if not pki.end - CA_WARNING <= now < pki.end:
        return []
    return [f"The CAs expire at {format_time(pki.end)}, and everything stops then; how to prevent that: {_PAGE}."]


def _plan_kubeconfig(
    cluster: VirtualCluster, observed: Observed, issuer: Issuer, entropy: bytes
) -> tuple[Manifest, datetime | None]:
    """The observed kubeconfig while it is right and not due, else a new one; and when it is due."""
    existing = observed.find(seen.SECRET, kubeconfig_secret_name(cluster.name))
    if existing is not None:
        cert = parse_client_cert(_read_kubeconfig(existing), cluster, issuer)
        due = find_renewal_time(cert, issuer) if cert else None
        if cert and (due is None or issuer.now < due):
            return keep(existing, cluster.identity), due
    kubeconfig = build_kubeconfig(cluster, issuer, entropy)
    cert = parse_client_cert(kubeconfig.encode(), cluster, issuer)
    if cert is None:
        raise AssertionError("a new kubeconfig is right")
    return build_kubeconfig_secret(cluster.identity, kubeconfig), find_renewal_time(cert, issuer)


def _read_kubeconfig(secret: Manifest) -> bytes:
    """What is under each of the keys; nothing where that differs."""
    try:
        files = read_secret(secret)
    except PkiError:
        return b""
    contents = {files.get(key, b"") for key in KUBECONFIG_KEYS}
    return contents.pop() if len(contents) == 1 else b""
