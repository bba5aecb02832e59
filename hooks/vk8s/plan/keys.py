"""Planning the Secrets with keys: `pki`, and those that are derived from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hooks.kubernetes.conditions import Blocker, format_time
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.children.pki_secret import build_pki_secret
from hooks.vk8s.keys.pki import TOKEN, PkiError, build_pki, public_key_hash, read_secret
from hooks.vk8s.keys.pki_files import Pki, is_token, parse_pki
from hooks.vk8s.observed.children import CLAIM, POD, SECRET
from hooks.vk8s.part import Part
from hooks.vk8s.plan.adoption import awaits_adoption, describe_adoption
from hooks.vk8s.plan.join import plan_join
from hooks.vk8s.plan.kubeconfig import plan_kubeconfig
from hooks.vk8s.plan.witnesses import read_known_authorities
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.cluster import ACCEPT_CA_LOSS_ANNOTATION
from hooks.vk8s.spec.naming import join_secret_name, kubeconfig_secret_name, pki_secret_name

# Long enough for owners who plan their maintenance by the quarter.
CA_WARNING: Final = timedelta(days=180)
# The value to accept if nothing is left that identifies the CA.
UNKNOWN_CA: Final = "unknown"
_PAGE: Final = "docs/how-to/renew-ca.md"


@dataclass(frozen=True, kw_only=True)
class Keys(Part):
    """The Secrets with keys to return: the PKI, and what is derived from it.

    `is_usable`: whether the PKI is observed and valid, so that other Secrets can be derived from it. If it is neither
    that nor among the children, it has to be restored, as a blocker says. `warnings`: messages on what will stop
    working.
    """

    is_usable: bool = False
    warnings: Sequence[str] = ()


def plan_keys(situation: Situation) -> Keys:
    """The Secrets with keys. Nothing is derived from a PKI before it is observed: two calls must not mix two CAs."""
    cluster, observed = situation.cluster, situation.observed
    name = pki_secret_name(cluster.name)
    secret = observed.find(SECRET, name)
    known = read_known_authorities(cluster.name, observed)
    if awaits_adoption(situation):
        return Keys(blockers=[describe_adoption(situation)])
    if secret is None:
        return _plan_without_pki(situation, known)
    try:
        pki = parse_pki(read_secret(secret))
    except PkiError as error:
        sentence = f"Secret {name} can't be used: {error}. Restore it; everything else stays as it is."
        return Keys(blockers=[Blocker("PKIInvalid", sentence)])
    is_given_up = _is_given_up(situation, known)
    if known and not is_given_up and public_key_hash(pki.authority.cert) not in known:
        sentence = (
            f"Secret {name} can't be used: it holds another CA than the one that this cluster was created with (Secret "
            f"{list(known.values())[-1]}). Restore the right one{_describe_way_out(situation, known)}. "
            "Everything else stays as it is."
        )
        return Keys(blockers=[Blocker("PKIInvalid", sentence)])
    return _plan_with_pki(situation, pki)


def _plan_with_pki(situation: Situation, pki: Pki) -> Keys:
    name, now = pki_secret_name(situation.identity.name), situation.now
    blockers, warnings = _list_blockers(name, pki, now), _list_warnings(pki, now)
    join, kubeconfig = plan_join(situation, pki), plan_kubeconfig(situation, pki.authority)
    moments = [pki.start, pki.end - CA_WARNING, pki.end, *(part.due for part in (join, kubeconfig) if part.due)]
    return Keys(
        is_usable=True,
        children=[*join.children, *kubeconfig.children],
        kept={(SECRET, name): {}, **kubeconfig.kept},
        due=min((moment for moment in moments if moment > now), default=None),
        blockers=blockers,
        warnings=warnings,
    )


def _plan_without_pki(situation: Situation, known: Mapping[str, str]) -> Keys:
    """The PKI of a new virtual cluster. An existing one gets no second CA unless its owner asks for it.

    A token is taken from the `join` Secret: it is stored in the virtual cluster, and pods of earlier versions join with
    it.
    """
    identity, observed, context = situation.identity, situation.observed, situation.context
    join, kubeconfig = join_secret_name(identity.name), kubeconfig_secret_name(identity.name)
    leftovers = [
        f"{child['kind']} {name}"
        for (kind, name), child in observed.by_key.items()
        if kind in (CLAIM, POD) or (kind == SECRET and name in (join, kubeconfig))
    ]
    if leftovers and not _is_given_up(situation, known):
        sentence = (
            f"Secret {pki_secret_name(identity.name)} is gone, but {', '.join(leftovers)} is still there. A new CA "
            "would lock the nodes out of their cluster: restore it before the control-plane node restarts"
            f"{_describe_way_out(situation, known)}. Everything else stays as it is."
        )
        return Keys(blockers=[Blocker("PKILost", sentence)])
    files = build_pki(context.entropy, context.now, context.settings.ca_validity)
    return Keys(children=[build_pki_secret(identity, {**files, **_read_token(observed.find(SECRET, join))})])


def _read_token(join: Manifest | None) -> Mapping[str, bytes]:
    try:
        token = read_secret(join).get(TOKEN, b"") if join else b""
    except PkiError:
        return {}
    return {TOKEN: token} if is_token(token) else {}


def _is_given_up(situation: Situation, known: Mapping[str, str]) -> bool:
    """Whether the owner has given up the CA that the cluster was created with, and no pod with that CA exists."""
    is_named = situation.cluster.accept_ca_loss in (known or {UNKNOWN_CA})
    return is_named and situation.cluster.paused and not situation.observed.pods()


def _describe_way_out(situation: Situation, known: Mapping[str, str]) -> str:
    """The alternative, as the end of a sentence; none while pods exist: a control-plane node has a copy of the PKI."""
    cluster, pods = situation.cluster, situation.observed.pods()
    if pods and not cluster.accept_ca_loss:
        return ""
    lost = [UNKNOWN_CA, *known][-1]
    steps = [
        *([] if cluster.paused else ["pause the Vk8s"]),
        *([f"delete what is left of pods ({', '.join(pods)})"] if pods else []),
        *([] if cluster.accept_ca_loss == lost else [f"annotate it with {ACCEPT_CA_LOSS_ANNOTATION}={lost}"]),
    ]
    return f", or give up the previous CA: {', '.join(steps)} ({_PAGE})"


def _list_blockers(secret: str, pki: Pki, now: datetime) -> list[Blocker]:
    """Why no certificate is accepted now, if so."""
    start, end = format_time(pki.start), format_time(pki.end)
    if now < pki.start:
        # Without the current time: a status that differs in each call would be written in each call, and cause the
        # next.
        sentence = (
            f"The CAs in Secret {secret} are valid from {start} on, which is in the future: the clock of the hooks was "
            "ahead when they were made, or is behind now. Until then no node can boot."
        )
        return [Blocker("CANotYetValid", sentence)]
    if now >= pki.end:
        sentence = (
            f"The CAs in Secret {secret} expired at {end}: no certificate that they have signed is valid any more. "
            f"Extend their validity, or create new ones: {_PAGE}."
        )
        return [Blocker("CAExpired", sentence)]
    return []


def _list_warnings(pki: Pki, now: datetime) -> list[str]:
    if not pki.end - CA_WARNING <= now < pki.end:
        return []
    return [f"The CAs expire at {format_time(pki.end)}, and everything stops then; how to prevent that: {_PAGE}."]
