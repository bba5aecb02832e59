"""Rules that are newer than some virtual clusters: they count for a new one, and are warnings for one that lives.

A spec that is rejected keeps every child and makes none again: a rule that came with a new version of the hooks would
leave a living virtual cluster without its next lost node. What an edit would add to one that lives and could never work
is rejected all the same.
"""

from collections.abc import Iterable, Iterator

from hooks.vk8s.observed.children import CLAIM, POD, Observed
from hooks.vk8s.observed.fingerprint import hash_node, is_outdated
from hooks.vk8s.plan.findings import Findings
from hooks.vk8s.spec.model import Spec
from hooks.vk8s.spec.naming import access_service_name, api_service_name, is_service_of_another, state_claim_name
from hooks.vk8s.spec.network_rules import Fault, check_crowding, check_lasting_crowding, check_networks, has_room
from hooks.vk8s.spec.resource_rules import check_resources


def check_newer_rules(name: str, spec: Spec, observed: Observed, *, lives: bool) -> Findings:
    """What keeps a new Vk8s `name` from being accepted; of one that lives, what it has and a new one could not have."""
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
        endings = f"neither {api_service_name('')} nor {access_service_name('')}"
        yield "metadata.name", f"write a name that ends in {endings}: Services of other virtual clusters end so"
    yield from (fault for _, fault in check_resources(spec.nodes))
    yield from check_networks(spec)


def _list_losses(spec: Spec, observed: Observed) -> Iterator[Fault]:
    """Resources of nodes whose pods an edit would replace: they would go, and none could come."""
    for node, fault in check_resources(spec.nodes):
        pod = observed.find(POD, node.name)
        if pod is not None and is_outdated(pod, hash_node(node)):
            yield fault


def _had_room(spec: Spec, observed: Observed) -> bool:
    """Whether the nodes that live have room, so that what has none is being added.

    A node that has no claim of its own may as well be one that lost its pod, and must be made again.
    """
    claims = [node for node in spec.nodes if observed.has(CLAIM, state_claim_name(node.name))]
    return not spec.storage.ephemeral and has_room(spec, len(claims))
