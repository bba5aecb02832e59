"""A Vk8s that takes the state of an earlier one, which was deleted and left its volumes and PKI behind.

Only its owner can give it these objects: the hooks have no right to label what is not theirs. Until then nothing is
created whose name they have.
"""

from typing import Final

from hooks.kubernetes.conditions import Blocker
from hooks.kubernetes.labels import CONTROLLER_UID, VK8S
from hooks.vk8s.observed.children import SECRET
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.cluster import ADOPT_ANNOTATION
from hooks.vk8s.spec.naming import pki_secret_name

AWAITS_ADOPTION: Final = "AwaitsAdoption"
_PAGE: Final = "docs/how-to/retain.md"


def awaits_adoption(situation: Situation) -> bool:
    """Whether the PKI of the earlier Vk8s is still to come."""
    name = pki_secret_name(situation.identity.name)
    return bool(situation.cluster.adopts) and not situation.observed.has(SECRET, name)


def describe_adoption(situation: Situation) -> Blocker:
    """What the owner has to do."""
    identity = situation.identity
    return Blocker(
        AWAITS_ADOPTION,
        f"No claim, Secret or pod is created: annotation {ADOPT_ANNOTATION} asks for the state of an earlier Vk8s, and "
        f"Secret {pki_secret_name(identity.name)} is not there yet. Give this Vk8s what the earlier one has left: "
        f"kubectl label pvc,secret -n {identity.namespace} -l {VK8S}={identity.name} --overwrite "
        f"{CONTROLLER_UID}={identity.uid}. To begin with an empty cluster instead, delete the claims and the Secret, "
        f"and remove the annotation ({_PAGE}).",
    )
