"""Edits of a Vk8s, which fail where somebody else has edited it meanwhile."""

import json
from collections.abc import Callable, Mapping, Sequence

from kubectl_vk8s import Manifest
from kubectl_vk8s.kubectl import KubectlError
from kubectl_vk8s.problems import ProblemError
from kubectl_vk8s.progress import Goal, is_running, wait
from kubectl_vk8s.session import Session
from kubectl_vk8s.vk8s import Vk8s


def replace_nodes(session: Session, vk8s: Vk8s, nodes: Sequence[Manifest], more: Mapping[str, object]) -> Vk8s:
    """Replaces the list of nodes, and `more` fields of the spec; the Vk8s as it is then."""
    patch = [
        {"op": "test", "path": "/spec/nodes", "value": list(vk8s.spec_nodes)},
        {"op": "replace", "path": "/spec/nodes", "value": list(nodes)},
        *({"op": "replace", "path": f"/spec/{name}", "value": value} for name, value in more.items()),
    ]
    return patch_vk8s(session, vk8s, "json", patch)


def patch_vk8s(session: Session, vk8s: Vk8s, kind: str, patch: object) -> Vk8s:
    """Patches the Vk8s; it as it is then. ProblemError where it is not what the patch tests for."""
    arguments = ("patch", "vk8s", vk8s.name, f"--type={kind}", f"--patch={json.dumps(patch)}", "--output=json")
    try:
        return Vk8s(json.loads(session.within(vk8s).run(*arguments)))
    except KubectlError as error:
        if "test operation" in str(error) or "testing value" in str(error):
            raise ProblemError(f"Somebody has edited {vk8s.name} meanwhile: look at it, and try again.") from error
        raise


def wait_for_running(session: Session, vk8s: Vk8s, seconds: float) -> int:
    """Waits until all of the spec is Ready; the exit code."""
    return wait(session, vk8s, Goal("is Running", is_running, seconds))


def seen_after(reached: Callable[[Vk8s], bool], first: Callable[[Vk8s], bool]) -> Callable[[Vk8s], bool]:
    """Whether `reached` is true after `first` has been."""
    seen = False

    def check(vk8s: Vk8s) -> bool:
        nonlocal seen
        seen = seen or first(vk8s)
        return seen and reached(vk8s)

    return check
