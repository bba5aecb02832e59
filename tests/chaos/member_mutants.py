"""Hooks with a fault each that only several control-plane nodes show: what they lose is a quorum, or what etcd has."""

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CLAIM, POD, SECRET, is_ready
from hooks.vk8s.situation import Context
from hooks.vk8s.spec.cluster import ACCEPT_LOSS_ANNOTATION
from hooks.vk8s.spec.labels import ROLE
from hooks.vk8s.spec.state_note import STATE, parse_note
from hooks.wire import HookRequest, SyncResponse
from testbed.metacontroller.objects import with_metadata
from tests.chaos.mutants import without
from tests.simulation.hooks import Hooks


class RollsTwoMembers(Hooks):
    """Takes down one more control-plane node whenever one is recreated."""

    def sync(self, request: HookRequest, context: Context) -> SyncResponse:
        answer = super().sync(request, context)
        answered = {(child["kind"], child["metadata"]["name"]) for child in answer.children}
        ready = [pod["metadata"]["name"] for pod in request.children[POD].values() if _is_master(pod) and is_ready(pod)]
        staying = [name for name in ready if ("Pod", name) in answered]
        return without(answer, {("Pod", name) for name in staying[:1] if len(staying) < len(ready)})


class LetsDrainsTakeAll(Hooks):
    """Has budgets that allow every eviction."""

    def sync(self, request: HookRequest, context: Context) -> SyncResponse:
        answer = super().sync(request, context)
        return answer.model_copy(update={"children": [_with_no_limit(child) for child in answer.children]})


class FoundsAgain(Hooks):
    """Has no record of any claim, so the first control-plane node may found a cluster on whatever it has."""

    def sync(self, request: HookRequest, context: Context) -> SyncResponse:
        secrets = {key: _without_note(secret) for key, secret in request.children[SECRET].items()}
        changed = request.model_copy(update={"children": {**request.children, SECRET: secrets}})
        return super().sync(changed, context)


class GivesUpForOwners(Hooks):
    """Takes each recorded claim that is gone for one that its owner has given up."""

    def sync(self, request: HookRequest, context: Context) -> SyncResponse:
        there = {claim["metadata"]["uid"] for claim in request.children[CLAIM].values()}
        gone = {uid for secret in request.children[SECRET].values() for uid in _list_recorded(secret)} - there
        metadata, annotations = request.parent.metadata, {**request.parent.metadata.annotations}
        annotations[ACCEPT_LOSS_ANNOTATION] = ",".join(sorted(gone))
        changed = request.parent.model_copy(
            update={"metadata": metadata.model_copy(update={"annotations": annotations})}
        )
        return super().sync(request.model_copy(update={"parent": changed}), context)


def _is_master(pod: Manifest) -> bool:
    return bool(pod["metadata"]["labels"].get(ROLE) == "master")


def _with_no_limit(child: Manifest) -> Manifest:
    if child["kind"] != "PodDisruptionBudget":
        return child
    return {**child, "spec": {**child["spec"], "minAvailable": 0}}


def _without_note(secret: Manifest) -> Manifest:
    annotations = secret["metadata"].get("annotations", {})
    return with_metadata(secret, annotations={key: text for key, text in annotations.items() if key != STATE})


def _list_recorded(secret: Manifest) -> list[str]:
    note = parse_note(secret["metadata"].get("annotations", {}).get(STATE))
    return list(note.claims.values()) if note else []
