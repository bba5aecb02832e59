"""Which workers a virtual cluster gets, and which it loses."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kubectl_vk8s import Manifest
from kubectl_vk8s.problems import Exit, ProblemError
from kubectl_vk8s.vk8s import MASTER, Vk8s

_NUMBER = re.compile(r"\d+$")


@dataclass(frozen=True)
class Scaling:
    """The nodes as they shall be, and the names of those that come and go."""

    nodes: Sequence[Manifest]
    added: Sequence[str]
    removed: Sequence[str]


def scale_to(vk8s: Vk8s, count: int) -> Scaling:
    """So many workers: new ones with the next free numbers, or without those with the highest."""
    workers = vk8s.workers
    if count >= len(workers):
        return add_workers(vk8s, count - len(workers))
    by_number = sorted((str(each["name"]) for each in workers), key=_read_number)
    return remove_workers(vk8s, by_number[count:])


def add_workers(vk8s: Vk8s, count: int) -> Scaling:
    """More workers, each like the last one; like the control-plane node where there is none yet."""
    pattern = (vk8s.workers or vk8s.spec_nodes)[-1]
    # A node that is still being removed has its name until it is gone.
    taken = {str(node["name"]) for node in vk8s.spec_nodes} | {node.name for node in vk8s.nodes}
    candidates = (f"{vk8s.name}-worker-{number}" for number in range(1, len(taken) + count + 1))
    added = [name for name in candidates if name not in taken][:count]
    new = [{**pattern, "name": name, "role": "worker"} for name in added]
    return Scaling([*vk8s.spec_nodes, *new], added, [])


def remove_workers(vk8s: Vk8s, names: Iterable[str]) -> Scaling:
    """Without these workers. ProblemError where one is no worker."""
    removed = list(names)
    roles = {node["name"]: node["role"] for node in vk8s.spec_nodes}
    for name in removed:
        if name not in roles:
            raise ProblemError(f"{vk8s.name} has no node {name}; its nodes are {', '.join(roles)}.", Exit.NOT_FOUND)
        if roles[name] == MASTER:
            raise ProblemError(f"{name} is the control-plane node: it can't be removed.", Exit.USAGE)
    return Scaling([node for node in vk8s.spec_nodes if node["name"] not in removed], [], removed)


def _read_number(name: str) -> tuple[int, str]:
    found = _NUMBER.search(name)
    return (int(found[0]) if found else 0, name)
