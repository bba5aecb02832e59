"""More hooks with a fault each: those that lose state, or what serves, where something else has gone wrong before."""

from hooks.kubernetes.labels import NODE
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CLAIM, POD, SECRET, is_ready, is_terminating
from hooks.vk8s.observed.keep import keep_unknown
from hooks.vk8s.situation import Context
from hooks.vk8s.spec.labels import ROLE
from hooks.wire import FinalizeResponse, HookRequest, SyncResponse
from testbed.metacontroller.objects import with_metadata
from tests.chaos.mutants import without
from tests.simulation.hooks import Hooks
from tests.simulation.note import STATE
from tests.simulation.pods import has_ended
from tests.simulation.removals import LEAVING


class LetsGoOfVolumes(Hooks):
    """Takes down a node whose claim somebody has deleted."""

    def sync(self, request: HookRequest, context: Context) -> SyncResponse:
        going = [name(claim) for claim in request.children[CLAIM].values() if is_terminating(claim)]
        return without(super().sync(request, context), {("Pod", each.removesuffix("-state")) for each in going})


class MakesAnotherVolume(Hooks):
    """Has no record of which claims there were, so it creates others."""

    def sync(self, request: HookRequest, context: Context) -> SyncResponse:
        secrets = {key: _without_note(secret) for key, secret in request.children[SECRET].items()}
        return super().sync(_with_children(request, SECRET, secrets), context)


class TakesAllThatFlap(Hooks):
    """Takes for one that has never run whatever is not Ready."""

    def sync(self, request: HookRequest, context: Context) -> SyncResponse:
        pods = {key: pod if is_ready(pod) else _as_if_never_run(pod) for key, pod in request.children[POD].items()}
        return super().sync(_with_children(request, POD, pods), context)


class KeepsTheDead(Hooks):
    """Keeps an access pod, and a node pod, that has ended well."""

    def sync(self, request: HookRequest, context: Context) -> SyncResponse:
        answer = super().sync(request, context)
        pods = [pod for pod in request.children[POD].values() if has_ended(pod)]
        dead = [pod for pod in pods if NODE not in pod["metadata"]["labels"] or pod["status"]["phase"] == "Succeeded"]
        return _with(answer, dead)


class FinalizesTheLiving(Hooks):
    """Takes each finalize call for one about a Vk8s that is deleted."""

    def finalize(self, request: HookRequest, context: Context) -> FinalizeResponse:
        metadata = request.parent.metadata.model_copy(update={"deletion_timestamp": "2026-01-02T03:04:05Z"})
        parent = request.parent.model_copy(update={"metadata": metadata})
        return super().finalize(request.model_copy(update={"parent": parent}), context)


class TakesWorkersFirst(Hooks):
    """Takes a worker down when it is the control-plane node's turn."""

    def sync(self, request: HookRequest, context: Context) -> SyncResponse:
        answer = super().sync(request, context)
        answered = {child["metadata"]["name"] for child in answer.children if child["kind"] == "Pod"}
        pods = [pod for pod in request.children[POD].values() if NODE in pod["metadata"]["labels"] and is_ready(pod)]
        masters = [pod for pod in pods if pod["metadata"]["labels"][ROLE] == "master" and name(pod) not in answered]
        workers = [name(pod) for pod in pods if name(pod) in answered]
        is_swapped = masters and workers
        return _with(without(answer, {("Pod", workers[0])}), masters) if is_swapped else answer


class BelievesMarks(Hooks):
    """Removes a control-plane node that somebody has marked, as it would a worker."""

    def sync(self, request: HookRequest, context: Context) -> SyncResponse:
        parts = [(kind, child) for kind in (POD, CLAIM) for child in request.children[kind].values()]
        marked = {
            (kind.partition(".")[0], name(child))
            for kind, child in parts
            if LEAVING in child["metadata"].get("annotations", {}) and child["metadata"]["labels"].get(ROLE) == "master"
        }
        return without(super().sync(request, context), marked)


def name(child: Manifest) -> str:
    """The name of a child."""
    return str(child["metadata"]["name"])


def _with(answer: SyncResponse, pods: list[Manifest]) -> SyncResponse:
    answered = {name(child) for child in answer.children if child["kind"] == "Pod"}
    kept = [keep_unknown(pod) for pod in pods if name(pod) not in answered]
    return answer.model_copy(update={"children": [*answer.children, *kept]})


def _with_children(request: HookRequest, kind: str, children: dict[str, Manifest]) -> HookRequest:
    return request.model_copy(update={"children": {**request.children, kind: children}})


def _without_note(secret: Manifest) -> Manifest:
    annotations = secret["metadata"].get("annotations", {})
    return with_metadata(secret, annotations={key: value for key, value in annotations.items() if key != STATE})


def _as_if_never_run(pod: Manifest) -> Manifest:
    return with_metadata({**pod, "status": {"phase": "Pending"}}, creationTimestamp="2025-01-02T03:04:05Z")
