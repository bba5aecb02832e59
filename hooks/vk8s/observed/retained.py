"""What a Vk8s leaves behind when it is deleted with `storage.retain`: the volumes of its nodes, and its PKI.

Kubernetes deletes what an owner owns with it, and the hooks have no right to change that. So the deletion waits until
the owner of the Vk8s has released them.
"""

from typing import Final

from hooks.kubernetes.labels import CONTROLLER_UID, PREFIX
from hooks.vk8s.observed.children import CLAIM, SECRET, Observed, is_terminating
from hooks.vk8s.spec.cluster import Identity
from hooks.vk8s.spec.naming import pki_secret_name

# The uid of the Vk8s that left an object behind.
RETAINED_FROM: Final = f"{PREFIX}retained-from"


def retains(spec: object) -> bool:
    """Whether the spec, which may be invalid, asks for it."""
    storage = spec.get("storage") if isinstance(spec, dict) else None
    return isinstance(storage, dict) and storage.get("retain") is True


def select_retained(identity: Identity, own: Observed) -> Observed:
    """Those of its `own` children that stay. One that somebody is deleting already does not."""
    kept = {CLAIM: own.children.get(CLAIM, {}), SECRET: {}}
    pki = own.find(SECRET, pki_secret_name(identity.name))
    if pki is not None:
        kept[SECRET] = {pki_secret_name(identity.name): pki}
    return Observed(
        {
            kind: {name: child for name, child in group.items() if not is_terminating(child)}
            for kind, group in kept.items()
        }
    )


def describe_retained(identity: Identity, retained: Observed) -> str:
    """How the owner releases them, all at once; empty if there are none."""
    names = [f"{child['kind']} {name}" for (_, name), child in retained.by_key.items()]
    if not names:
        return ""
    patch = (
        f'{{"metadata":{{"labels":{{"{CONTROLLER_UID}":null,"{RETAINED_FROM}":"{identity.uid}"}},'
        '"ownerReferences":null}}'
    )
    return (
        f"Kept, as storage.retain is true: {', '.join(names)}. Kubernetes would delete them with the Vk8s, which waits "
        f"until you release them: kubectl get pvc,secret -n {identity.namespace} -l {CONTROLLER_UID}={identity.uid} "
        f"-o name | xargs kubectl patch -n {identity.namespace} --type=merge -p '{patch}'. To delete them instead, "
        "write storage.retain: false."
    )
