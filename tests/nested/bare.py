"""The children that the hooks answer for a Vk8s, all at once: what is left when nobody asks the hooks again."""

import secrets
import uuid
from datetime import UTC, datetime

from hooks.main import load_scripts
from hooks.manifest import Manifest
from hooks.settings import Settings
from hooks.vk8s.decide import decide_sync
from hooks.vk8s.observed import CHILD_KINDS
from hooks.vk8s.plan import Context, group_key
from hooks.wire import HookRequest

# The PKI, then what is made from it, then the pods, and once more to see that nothing else comes.
ROUNDS = 4


def build_children(vk8s: Manifest) -> list[Manifest]:
    """Every child of `vk8s` in namespace `default`, as the hooks answer them with nothing in the way."""
    context = Context(Settings(), load_scripts(), datetime.now(UTC).replace(microsecond=0), secrets.token_bytes(32))
    metadata = {"name": vk8s["metadata"]["name"], "namespace": "default", "uid": str(uuid.uuid4()), "generation": 1}
    children: list[Manifest] = []
    for _ in range(ROUNDS):
        observed: dict[str, dict[str, Manifest]] = {kind: {} for kind in CHILD_KINDS}
        for child in children:
            observed[group_key(child)][f"default/{child['metadata']['name']}"] = child
        request = {"parent": {"metadata": metadata, "spec": vk8s["spec"]}, "children": observed}
        children = decide_sync(HookRequest.model_validate(request), context).children
    return children
