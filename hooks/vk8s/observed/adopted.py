"""Objects that a label has made children of a Vk8s, and that are none of its virtual cluster.

Metacontroller adopts whatever carries the label with the uid of a Vk8s, and Kubernetes deletes with an owner what it
owns. So whoever may label an object, and not delete it, could have it deleted with a Vk8s: they are never given up.
"""

from hooks.kubernetes.labels import CONTROLLER_UID, VK8S
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CONFIG_MAP, Observed, is_terminating
from hooks.vk8s.observed.keep import read_labels, read_node_name
from hooks.vk8s.observed.kinds import Data, list_named
from hooks.vk8s.spec.cluster import Identity
from hooks.vk8s.spec.naming import bootstrap_config_map_name

# A message names so many.
_MOST_NAMED = 5
# To release one while its Vk8s is being deleted: then Metacontroller no longer does that when the label goes.
_RELEASE = f"""--type=merge -p '{{"metadata":{{"labels":{{"{CONTROLLER_UID}":null}},"ownerReferences":null}}}}'"""


def select_adopted(identity: Identity, observed: Observed) -> Observed:
    """The children that neither a label nor their name makes a part of the virtual cluster, and that nobody deletes."""
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
    """The `observed` children but for those `adopted`."""
    return Observed(
        {
            kind: {name: child for name, child in group.items() if not adopted.has(kind, name)}
            for kind, group in observed.children.items()
        }
    )


def list_adoption_warnings(identity: Identity, observed: Observed) -> list[str]:
    """What was adopted, for an owner who may not know, in a sentence."""
    adopted = _list(select_adopted(identity, observed))
    sentence = (
        f"Adopted by label {CONTROLLER_UID}, and no part of this virtual cluster: {_name(adopted)}. "
        "Remove the label; a deletion of this Vk8s waits for that."
    )
    return [sentence] if adopted else []


def describe_release(adopted: Observed) -> str:
    """How to keep what was adopted from being deleted with the Vk8s, which waits for that; nothing where there is none.

    Kubernetes deletes with an owner what it owns, whatever the hooks answer.
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
    # What was applied is looked up last: that takes by far the most time.
    if (child["metadata"].get("labels") or {}).get(VK8S) == identity.name:
        return True
    labels, name = read_labels(child), child["metadata"]["name"]
    is_boot = kind == CONFIG_MAP and name.startswith(bootstrap_config_map_name(identity.name, ""))
    return is_boot or labels.get(VK8S) == identity.name or read_node_name(kind, name, labels) is not None


def _list(adopted: Observed) -> list[Manifest]:
    return list(adopted.by_key.values())


def _name(children: list[Manifest]) -> str:
    """The first few, and how many there are besides."""
    named = [f"{child['kind']} {child['metadata']['name']}" for child in children]
    more = len(named) - _MOST_NAMED
    return ", ".join(named[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
