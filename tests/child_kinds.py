"""The kinds of children, as kubectl takes them."""

from typing import Final

from hooks.vk8s.observed.kinds import CHILD_KINDS

CHILD_RESOURCES: Final = ",".join(kind.resource for kind in CHILD_KINDS.values())
