"""How far a virtual cluster is, in rows: its spec, its objects, its addresses, each node, the access pod."""

from collections.abc import Iterator
from dataclasses import dataclass

from kubectl_vk8s.follow import BOOTING, Seen
from kubectl_vk8s.screen import Tone
from kubectl_vk8s.verdict import choose_node_tone
from kubectl_vk8s.vk8s import Condition, Node, Vk8s


@dataclass(frozen=True)
class Row:
    """One thing that has to be done, and how far it is."""

    name: str
    tone: Tone
    text: str


# Conditions that have a row of their own, with what is said when all is well.
_STEPS = {"Accepted": ("spec", "accepted"), "ChildrenObserved": ("objects", "all created")}
_EXTRAS = {"NetworkReady": "addresses", "AccessReady": "access pod"}


def build_rows(seen: Seen) -> list[Row]:
    """The rows; none when it is gone."""
    vk8s = seen.vk8s
    if vk8s is None:
        return []
    if not vk8s.status:
        return [Row("spec", Tone.MOVING, "waits for the hooks")]
    return [*_list_steps(vk8s), *(_build_node_row(node, seen) for node in vk8s.nodes), *_list_extras(vk8s)]


def _list_steps(vk8s: Vk8s) -> Iterator[Row]:
    for kind, (name, done) in _STEPS.items():
        condition = vk8s.conditions.get(kind)
        if condition:
            yield Row(name, Tone.GOOD, done) if condition.is_true else _build_row(name, condition)


def _list_extras(vk8s: Vk8s) -> Iterator[Row]:
    for kind, name in _EXTRAS.items():
        condition = vk8s.conditions.get(kind)
        if condition and not condition.is_true:
            yield _build_row(name, condition)
        elif condition and kind == "AccessReady":
            yield Row(name, Tone.GOOD, "Ready")


def _build_row(name: str, condition: Condition) -> Row:
    return Row(name, Tone.MOVING if condition.is_passing else Tone.BAD, condition.message)


def _build_node_row(node: Node, seen: Seen) -> Row:
    return Row(node.name, choose_node_tone(node), describe_node(node, seen.stories.get(node.name, "")))


def describe_node(node: Node, story: str) -> str:
    """Ready, or what the node does or waits for: its own words while it boots, else those of the status."""
    if node.is_ready:
        return "Ready"
    if node.reason == BOOTING and story:
        return story
    return node.message or node.reason
