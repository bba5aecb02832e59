"""Bodies about a pool: what is read of them, and that one odd Vk8s stops nobody's addresses."""

from typing import Any

import pytest
from pydantic import ValidationError

from hooks.ippool.request import PoolRequest, Vk8sSpec
from tests.pool_world import PoolWorld, vk8s_manifest


@pytest.mark.parametrize("spec", [None, 7, {}, {"nodes": "m"}, {"nodes": [{"name": "M!"}]}, {"nodes": [{}]}], ids=repr)
def test_vk8s_with_an_odd_spec_is_read_all_the_same(spec: Any) -> None:
    request = PoolWorld(vk8s=({**vk8s_manifest(), "spec": spec}, vk8s_manifest("other"))).request()
    odd, other = (request.related.vk8s[f"team-a/{name}"] for name in ("demo", "other"))
    assert odd.spec == spec
    assert isinstance(other.spec, Vk8sSpec)


@pytest.mark.parametrize("group", ["children", "related"])
def test_request_without_a_group_is_rejected(group: str) -> None:
    body = PoolWorld().body()
    for kind in body[group]:
        rest = {key: value for key, value in body[group].items() if key != kind}
        with pytest.raises(ValidationError):
            PoolRequest.model_validate({**body, group: rest})


def test_older_vk8s_come_first_and_uids_decide_a_tie() -> None:
    younger = {**vk8s_manifest("a"), "metadata": {**vk8s_manifest("a")["metadata"], "creationTimestamp": "2026-02-01"}}
    request = PoolWorld(vk8s=(younger, vk8s_manifest("c"), vk8s_manifest("b"))).request()
    listed = sorted(request.related.vk8s.values(), key=lambda each: each.seniority)
    assert [each.metadata.name for each in listed] == ["b", "c", "a"]


def test_deleted_vk8s_is_not_lasting() -> None:
    deleted = {**vk8s_manifest("a"), "metadata": {**vk8s_manifest("a")["metadata"], "deletionTimestamp": "2026-02-01"}}
    found = PoolWorld(vk8s=(deleted, vk8s_manifest())).request().related.vk8s["team-a/a"]
    assert not found.is_lasting
