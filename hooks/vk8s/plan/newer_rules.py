"""Rules that are newer than some virtual clusters: problems for a new one, warnings for an existing one.

While a spec is rejected, every child stays and none is recreated: a rule of a new version of the hooks would leave an
existing virtual cluster without its next lost node. An edit that adds what can't work is rejected nevertheless.
"""

from collections.abc import Iterable, Iterator

from hooks.vk8s.observed.children import CLAIM, POD, Observed
from hooks.vk8s.observed.fingerprint import hash_node, is_outdated
from hooks.vk8s.plan.findings import Findings
from hooks.vk8s.spec.model import Spec
from hooks.vk8s.spec.naming import (
    access_service_name,
    api_service_name,
    etcd_service_name,
    is_service_of_another,
    state_claim_name,
)
from hooks.vk8s.spec.network_rules import Fault, check_crowding, check_lasting_crowding, check_networks, has_room
from hooks.vk8s.spec.resource_rules import check_resources


def check_newer_rules(name: str, spec: Spec, observed: Observed, *, lives: bool) -> Findings:
    """The problems of the Vk8s `name`. If it `lives`, only those that an edit adds; the others are warnings."""
    faults = list(_list_faults(name, spec))
    if not lives:
        return Findings(problems=_describe([*faults, *check_crowding(spec)]))
    crowding, stays = list(check_lasting_crowding(spec)), "stays as it is, a new one would be rejected"
    return Findings(
        problems=_describe([*_list_losses(spec, observed), *(crowding if _had_room(spec, observed) else [])]),
        warnings=[*(f"{field}: {stays}: {advice}." for field, advice in faults), *_describe(crowding)],
    )


def _describe(faults: Iterable[Fault]) -> list[str]:
    return [f"{field}: {advice}." for field, advice in faults]


def _list_faults(name: str, spec: Spec) -> Iterator[Fault]:
    if is_service_of_another(name):
        endings = ", ".join(name("") for name in (api_service_name, etcd_service_name, access_service_name))
        yield "metadata.name", f"write a name that ends in none of {endings}: Services of other virtual clusters end so"
    yield from (fault for _, fault in check_resources(spec.nodes))
    yield from check_networks(spec)


def _list_losses(spec: Spec, observed: Observed) -> Iterator[Fault]:
    """Invalid resources of nodes whose pods an edit would replace: the pods would be deleted, and never recreated."""
    for node, fault in check_resources(spec.nodes):
        pod = observed.find(POD, node.name)
        if pod is not None and is_outdated(pod, hash_node(node)):
            yield fault


def _had_room(spec: Spec, observed: Observed) -> bool:
    """Whether the existing nodes have room, so that the nodes without room are being added.

    With ephemeral storage, a node without a claim may be one that lost its pod and must be recreated.
    """
    claims = [node for node in spec.nodes if observed.has(CLAIM, state_claim_name(node.name))]
    return not spec.storage.ephemeral and has_room(spec, len(claims))
