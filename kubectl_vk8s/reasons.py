"""What the page on troubleshooting says of a reason, filled in for one virtual cluster."""

import json
import re
from collections.abc import Mapping
from importlib.resources import files

from kubectl_vk8s import Manifest
from kubectl_vk8s.vk8s import Condition, Vk8s

PAGE = "docs/troubleshooting.md"
_NODE = re.compile(r"<node>|<pod>")


def describe(problem: Condition, vk8s: Vk8s) -> Manifest:
    """One problem for programs."""
    known = load_reasons().get(problem.reason, {})
    link = {"link": f"{PAGE}#{problem.reason.lower()}"} if known else {}
    return {
        "condition": problem.type,
        "reason": problem.reason,
        "message": problem.message,
        "passesByItself": problem.is_passing,
        **{title: fill_in(text, problem, vk8s) for title, text in known.items()},
        **link,
    }


def load_reasons() -> Mapping[str, Mapping[str, str]]:
    """Cause and fix by reason, from the page on troubleshooting."""
    reasons: dict[str, dict[str, str]] = json.loads(files("kubectl_vk8s").joinpath("reasons.json").read_text("utf-8"))
    return reasons


def fill_in(text: str, problem: Condition, vk8s: Vk8s) -> str:
    """The text with names instead of `<name>` and `<node>`, where it is clear which node is meant."""
    affected = [node.name for node in vk8s.nodes if not node.is_ready and node.reason == problem.reason]
    named = text.replace("<name>", vk8s.name).replace("<namespace>", vk8s.namespace)
    return _NODE.sub(affected[0], named) if affected else named
