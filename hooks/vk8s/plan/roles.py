"""Checking the roles of the nodes in a spec against those that exist."""

from hooks.vk8s.observed.children import Observed
from hooks.vk8s.observed.roles import read_roles
from hooks.vk8s.spec.model import Spec
from hooks.vk8s.spec.state_note import StateNote


def list_role_problems(spec: Spec, observed: Observed, note: StateNote) -> list[str]:
    """Messages on nodes that exist with another role than in the spec, and on a control plane that would lose its data.

    A state volume serves one role for good.
    """
    roles, wanted = read_roles(observed), {node.name: node.role for node in spec.nodes}
    problems = [
        f"spec.nodes: {name} was created with role {role}, which can't be changed: write role {role} again."
        for name, role in sorted(roles.items())
        if role in ("master", "worker") and wanted.get(name, role) != role
    ]
    members = note.members.union(name for name, role in roles.items() if role == "master")
    holding = sorted(members & note.claims.keys() or members)
    if holding and not problems and not any(wanted.get(name) == "master" for name in holding):
        names = " or ".join(holding)
        problems.append(f"spec.nodes: write {names} again: no other control-plane node has the data of the cluster.")
    return problems
