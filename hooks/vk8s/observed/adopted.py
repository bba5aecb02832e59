"""Adopted objects: children of a Vk8s because of a label, but not part of its virtual cluster.

Metacontroller adopts any object with the label that has the uid of a Vk8s, and Kubernetes deletes what an owner owns
with it. So anyone who may label an object, but not delete it, could have it deleted with a Vk8s: the hooks never let
that happen.
"""

from hooks.kubernetes.labels import CONTROLLER_UID, VK8S
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CONFIG_MAP, Observed, is_terminating
from hooks.vk8s.observed.keep import read_labels, read_node_name
from hooks.vk8s.observed.kinds import Data, list_named
from hooks.vk8s.spec.cluster import Identity
from hooks.vk8s.spec.naming import bootstrap_config_map_name

# A message names so many and counts the rest.
_MOST_NAMED = 5
# Releases an object while its Vk8s is being deleted: Metacontroller no longer does so then when the label is removed.
_RELEASE = f"""--type=merge -p '{{"metadata":{{"labels":{{"{CONTROLLER_UID}":null}},"ownerReferences":null}}}}'"""


def select_adopted(identity: Identity, observed: Observed) -> Observed:
    """The children that belong to the virtual cluster neither by a label nor by name, and are not being deleted."""
    own = list_named(identity.name, *Data)
    return Observed(
        {
            kind: {
                name: child
                for name, child in group.items()
                if (kind, name) not in own and not _belongs(identity, kind, child) and not is_terminating(child)
            }
            for kind, group in observed.children.items()
        }
    )


def select_own(observed: Observed, adopted: Observed) -> Observed:
    """The `observed` children except for those `adopted`."""
    return Observed(
        {
            kind: {name: child for name, child in group.items() if not adopted.has(kind, name)}
            for kind, group in observed.children.items()
        }
    )


def list_adoption_warnings(identity: Identity, observed: Observed) -> list[str]:
    """A warning that names the adopted objects, of which the owner may not know; none if there are none."""
    adopted = _list(select_adopted(identity, observed))
    sentence = (
        f"Adopted by label {CONTROLLER_UID}, and no part of this virtual cluster: {_name(adopted)}. "
        "Remove the label; a deletion of this Vk8s waits for that."
    )
    return [sentence] if adopted else []


def describe_release(adopted: Observed) -> str:
    """How to keep adopted objects from being deleted with the Vk8s, which waits for that; empty if there are none.

    Kubernetes deletes what an owner owns with it, whatever the hooks answer.
    """
    listed = _list(adopted)
    if not listed:
        return ""
    first = listed[0]
    command = f"kubectl patch {first['kind'].lower()} -n {first['metadata']['namespace']} {first['metadata']['name']}"
    return (
        "Not part of this virtual cluster, but deleted with the Vk8s, which waits until they are released or gone: "
        f"{_name(listed)}. To release the first: {command} {_RELEASE}."
    )


def _belongs(identity: Identity, kind: str, child: Manifest) -> bool:
    # What was applied is read last: that takes by far the longest.
    if (child["metadata"].get("labels") or {}).get(VK8S) == identity.name:
        return True
    labels, name = read_labels(child), child["metadata"]["name"]
    is_boot = kind == CONFIG_MAP and name.startswith(bootstrap_config_map_name(identity.name, ""))
    return is_boot or labels.get(VK8S) == identity.name or read_node_name(kind, name, labels) is not None


def _list(adopted: Observed) -> list[Manifest]:
    return list(adopted.by_key.values())


def _name(children: list[Manifest]) -> str:
    """The first few, and how many more there are."""
    named = [f"{child['kind']} {child['metadata']['name']}" for child in children]
    more = len(named) - _MOST_NAMED
    return ", ".join(named[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
