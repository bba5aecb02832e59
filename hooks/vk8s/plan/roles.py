"""Checking the roles of the nodes in a spec against those that exist."""

from collections.abc import Mapping

from hooks.vk8s.observed.children import Observed
from hooks.vk8s.observed.roles import read_roles
from hooks.vk8s.spec.model import Spec
from hooks.vk8s.spec.state_note import StateNote


def list_role_problems(spec: Spec, observed: Observed, note: StateNote) -> list[str]:
    """Messages on nodes that exist with another role than in the spec, and on a control plane that would lose its data.

    A state volume serves one role for good. An object of another control-plane node, next to the only one that there
    has ever been, is nothing that the hooks have made: they neither remove it, nor take the cluster for one of several.
    """
    roles, wanted = read_roles(observed), {node.name: node.role for node in spec.nodes}
    masters = {name for name, role in roles.items() if role == "master"}
    changed = {name: role for name, role in roles.items() if wanted.get(name, role) != role}
    if problems := _describe(changed):
        return problems
    recorded = {node.name for node in spec.control_plane} & note.claims.keys()
    members = note.members | masters - note.joining | recorded
    holding = sorted(members & note.claims.keys() or members)
    if holding and not any(wanted.get(name) == "master" for name in holding):
        names = " or ".join(holding)
        return [f"spec.nodes: write {names} again: no other control-plane node has the data of the cluster."]
    # Where there has never been another one, it is no member that was removed.
    is_single = len(spec.control_plane) == 1 and not note.members | note.joining
    return _describe(dict.fromkeys(masters - wanted.keys(), "master")) if is_single else []


def _describe(roles: Mapping[str, str]) -> list[str]:
    return [
        f"spec.nodes: {name} was created with role {role}, which can't be changed: write role {role} again."
        for name, role in sorted(roles.items())
        if role in ("master", "worker")
    ]
