"""An upgrade of the hooks leaves unchanged what older versions have created."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.decide import decide_sync
from hooks.vk8s.observed.children import group_key
from hooks.vk8s.scripts import build_scripts
from hooks.vk8s.situation import Context
from hooks.wire import HookRequest, SyncResponse
from testbed.metacontroller.merge import merge_update
from tests import frozen, world
from tests.world import condition, observe

# A moment at which all that is frozen lives.
CONTEXT = replace(world.CONTEXT, now=datetime(2026, 12, 1, tzinfo=UTC))
FROZEN = sorted(Path(frozen.__path__[0]).glob("*.yaml"))
OTHER = replace(CONTEXT, scripts=build_scripts({"entrypoint.sh": "#!/bin/bash\n# other\n"}))
Children = Mapping[tuple[str, str], Manifest]


def read_request(path: Path) -> Manifest:
    request: Manifest = yaml.safe_load(path.read_text())
    return request


def ask(request: Manifest, context: Context = CONTEXT) -> SyncResponse:
    return decide_sync(HookRequest.model_validate(request), context)


def group_observed(request: Manifest) -> Children:
    children = request["children"].items()
    return {(kind, child["metadata"]["name"]): child for kind, group in children for child in group.values()}


def group_answered(answer: SyncResponse) -> Children:
    return {(group_key(child), child["metadata"]["name"]): child for child in answer.children}


def without_labels(child: Manifest) -> Manifest:
    """All but what may change in place: labels, and Metacontroller's own note of what it has applied."""
    metadata = {key: value for key, value in child["metadata"].items() if key not in ("labels", "annotations")}
    return {**child, "metadata": metadata}


@pytest.mark.parametrize("path", FROZEN, ids=lambda path: path.stem)
class TestChildrenOfAnOlderVersion:
    def test_are_all_returned_unchanged(self, path: Path) -> None:
        request = read_request(path)
        observed, answer = group_observed(request), ask(request)
        answered = group_answered(answer)
        for key, child in observed.items():
            returned = without_labels(merge_update(child, answered[key]))
            if key[1].endswith("-join"):
                # Its pods have the token. Those that are created from now on have certificates.
                returned["data"] = {name: each for name, each in returned["data"].items() if name in child["data"]}
            assert returned == without_labels(child), key
            labels = child["metadata"]["labels"]
            assert labels.items() <= {**labels, **answered[key]["metadata"]["labels"]}.items()
        assert {kind for kind, _ in answered.keys() - observed.keys()} == {"ConfigMap.v1"}

    def test_are_a_running_cluster_with_nothing_to_recreate(self, path: Path) -> None:
        answer = ask(read_request(path))
        assert answer.status["phase"] == "Running"
        assert condition(answer, "Accepted")["message"] == "The spec is valid."

    def test_are_kept_by_two_versions_that_answer_alternately(self, path: Path) -> None:
        request = read_request(path)
        before = group_observed(request).keys()
        for children in answer_in_turn(request):
            assert before <= children.keys()


def answer_in_turn(request: Manifest) -> Iterator[Children]:
    """The children after each of some answers of two versions."""
    namespace = request["parent"]["metadata"]["namespace"]
    for context in [CONTEXT, OTHER] * 3:
        observed, answered = group_observed(request), group_answered(ask(request, context))
        children = {key: observed.get(key) or observe(child) for key, child in answered.items()}
        yield children
        groups: Manifest = {kind: {} for kind in request["children"]}
        for (kind, name), child in children.items():
            groups[kind][f"{namespace}/{name}"] = child
        request = {**request, "children": groups}


def test_frozen_requests_exist() -> None:
    assert FROZEN
