"""Hooks with a fault each, which a simulation must find: what is asked of a judge is that it can say no."""

from hooks.kubernetes.labels import NODE
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CLAIM, POD, SECRET, is_ready
from hooks.vk8s.situation import Context
from hooks.wire import FinalizeResponse, HookRequest, SyncResponse
from tests.simulation.hooks import Hooks


class LosesClaims(Hooks):
    """Forgets the claim of a node that is not Ready while another is."""

    def sync(self, request: HookRequest, context: Context) -> SyncResponse:
        answer = super().sync(request, context)
        pods = {pod["metadata"]["name"] for pod in request.children[POD].values() if is_ready(pod)}
        claims = {claim["metadata"]["name"] for claim in request.children[CLAIM].values()}
        return without(answer, {("PersistentVolumeClaim", name) for name in claims if pods and name[:-6] not in pods})


class MakesAnotherAuthority(Hooks):
    """Takes a virtual cluster whose PKI is gone for a new one."""

    def sync(self, request: HookRequest, context: Context) -> SyncResponse:
        if any(name.endswith("-pki") for name in request.children[SECRET]):
            return super().sync(request, context)
        new = request.model_copy(update={"children": {**request.children, SECRET: {}, POD: {}, CLAIM: {}}})
        made, kept = super().sync(new, context), super().sync(request, context)
        pki = [child for child in made.children if child["metadata"]["name"].endswith("-pki")]
        return kept.model_copy(update={"children": [*kept.children, *pki]})


class MixesAuthorities(Hooks):
    """Has nodes join with a CA that is not that of the PKI."""

    def sync(self, request: HookRequest, context: Context) -> SyncResponse:
        answer = super().sync(request, context)
        return answer.model_copy(update={"children": [_with_another_authority(child) for child in answer.children]})


class RollsTwo(Hooks):
    """Takes down one more node whenever one is recreated."""

    def sync(self, request: HookRequest, context: Context) -> SyncResponse:
        answer = super().sync(request, context)
        answered = {(child["kind"], child["metadata"]["name"]) for child in answer.children}
        pods = [pod for pod in request.children[POD].values() if NODE in pod["metadata"]["labels"] and is_ready(pod)]
        staying = [pod["metadata"]["name"] for pod in pods if ("Pod", pod["metadata"]["name"]) in answered]
        is_rolling = len(staying) < len(pods)
        return without(answer, {("Pod", name) for name in staying[:1] if is_rolling})


class TellsTheTime(Hooks):
    """Has a status that is another one at each call."""

    def sync(self, request: HookRequest, context: Context) -> SyncResponse:
        answer = super().sync(request, context)
        return answer.model_copy(update={"status": {**answer.status, "asked": str(context.now)}})


class WritesForEver(Hooks):
    """Asks for a label value that is another one at each call."""

    def sync(self, request: HookRequest, context: Context) -> SyncResponse:
        answer = super().sync(request, context)
        children = [
            {**child, "metadata": {**child["metadata"], "annotations": {"call": str(self.calls)}}}
            if child["kind"] == "Service"
            else child
            for child in answer.children
        ]
        return answer.model_copy(update={"children": children})


class GivesUp(Hooks):
    """Makes no pod while another child of its kind is there."""

    def sync(self, request: HookRequest, context: Context) -> SyncResponse:
        answer = super().sync(request, context)
        there = {pod["metadata"]["name"] for pod in request.children[POD].values()}
        new = {child["metadata"]["name"] for child in answer.children if child["kind"] == "Pod"} - there
        return without(answer, {("Pod", name) for name in new if there})


class HurriesToEnd(Hooks):
    """Lets everything of a Vk8s that is deleted go at once."""

    def finalize(self, request: HookRequest, context: Context) -> FinalizeResponse:
        return super().finalize(request, context).model_copy(update={"children": []})


class GivesOneAddress(Hooks):
    """Gives every node the same address."""

    def sync(self, request: HookRequest, context: Context) -> SyncResponse:
        answer = super().sync(request, context)
        return answer.model_copy(update={"children": [_with_address(child) for child in answer.children]})


def _with_another_authority(child: Manifest) -> Manifest:
    is_join = child["kind"] == "Secret" and child["metadata"]["name"].endswith("-join")
    return {**child, "data": {**child["data"], "ca.crt": "YQ=="}} if is_join else child


def _with_address(child: Manifest) -> Manifest:
    annotations = child["metadata"].get("annotations", {})
    if child["kind"] != "Pod" or "vk8s.sktelecom.com/address" not in annotations:
        return child
    changed = {**annotations, "vk8s.sktelecom.com/address": "10.0.0.1"}
    return {**child, "metadata": {**child["metadata"], "annotations": changed}}


def without(answer: SyncResponse, lost: set[tuple[str, str]]) -> SyncResponse:
    """The answer without these children, of that kind and name."""
    children = [child for child in answer.children if (child["kind"], child["metadata"]["name"]) not in lost]
    return answer.model_copy(update={"children": children})
