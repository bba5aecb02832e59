"""Rules that are newer than some virtual clusters: they count for a new one, and are warnings for one that lives.

A spec that is rejected keeps every child and makes none again: a rule that came with a new version of the hooks would
leave a living virtual cluster without its next lost node. What an edit would add to one that lives and could never work
is rejected all the same.
"""

from hooks.vk8s.limits import is_living
from hooks.vk8s.model import Spec
from hooks.vk8s.naming import state_claim_name
from hooks.vk8s.network_rules import find_crowding, find_lasting_crowding, find_network_faults, has_room
from hooks.vk8s.observed import CLAIM, Observed


def find_newer_problems(name: str, spec: Spec, observed: Observed) -> list[str]:
    """What keeps the Vk8s `name` from being accepted, one sentence each that says what to write instead."""
    if is_living(name, observed):
        faults = [*find_lasting_crowding(spec)] if _had_room(spec, observed) else []
    else:
        faults = [*find_network_faults(spec), *find_crowding(spec)]
    return [f"{field}: {advice}." for field, advice in faults]


def find_newer_warnings(name: str, spec: Spec, observed: Observed) -> list[str]:
    """What an accepted Vk8s that lives has and a new one could not have, in sentences."""
    if not is_living(name, observed):
        return []
    stays = "stays as it is, a new one would be rejected"
    return [
        *(f"{field}: {stays}: {advice}." for field, advice in find_network_faults(spec)),
        *(f"{field}: {advice}." for field, advice in find_lasting_crowding(spec)),
    ]


def _had_room(spec: Spec, observed: Observed) -> bool:
    """Whether the nodes that live have room, so that what has none is being added.

    A node that has no claim of its own may as well be one that lost its pod, and must be made again.
    """
    claims = [node for node in spec.nodes if observed.has(CLAIM, state_claim_name(node.name))]
    return not spec.storage.ephemeral and has_room(spec, len(claims))
