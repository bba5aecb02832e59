"""What a state means: green fits, yellow passes by itself, red needs somebody; and the exit code that says so."""

from kubectl_vk8s.problems import Exit
from kubectl_vk8s.screen import Tone
from kubectl_vk8s.vk8s import PASSING, Node, Vk8s


def choose_tone(vk8s: Vk8s) -> Tone:
    """The tone of a phase."""
    if vk8s.is_rejected or vk8s.needs_somebody or vk8s.phase in ("Fail", "Degraded"):
        return Tone.BAD
    return Tone.GOOD if vk8s.phase == "Running" else Tone.MOVING


def choose_node_tone(node: Node) -> Tone:
    """The tone of a node's state."""
    if node.is_ready:
        return Tone.GOOD
    return Tone.MOVING if node.reason in PASSING else Tone.BAD


def compute_exit(vk8s: Vk8s) -> int:
    """0 where all is well, 4 where it passes by itself, 5 where it needs somebody."""
    if vk8s.is_rejected or vk8s.needs_somebody:
        return Exit.NEEDS_YOU
    return Exit.DONE if vk8s.phase == "Running" and vk8s.is_current else Exit.NOT_READY
