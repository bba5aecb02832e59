"""What is compared does the same: the three servers, and the operator in Kopf."""

import json
from urllib.request import Request, urlopen

import pytest

from bench.clusters import build_call, build_children, build_vk8s, count_children
from bench.load import compute_quantile
from bench.servers import SERVERS, Server, start_servers
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import group_key
from hooks.wire import SyncResponse
from tests.world import UID

NODES = 2


def ask(server: Server, body: str) -> SyncResponse:
    request = Request(server.url, body.encode(), {"Content-Type": "application/json"})  # noqa: S310 our own URL
    with urlopen(request) as response:  # noqa: S310
        return SyncResponse.model_validate_json(response.read())


def sort(children: list[Manifest]) -> list[Manifest]:
    return sorted(children, key=lambda child: (child["kind"], child["metadata"]["name"]))


def test_all_servers_answer_the_same_about_a_cluster_at_rest() -> None:
    body, answer = build_call(NODES)
    with start_servers(answer) as servers:
        assert tuple(servers) == SERVERS
        for server in servers.values():
            told = ask(server, body)
            assert (told.status, told.resync_after_seconds) == (answer.status, answer.resync_after_seconds)
            assert sort(told.children) == sort(answer.children)
    observed = json.loads(body)["children"]
    assert sum(map(len, observed.values())) == len(answer.children)


def test_operator_makes_as_many_children_of_each_kind() -> None:
    vk8s = build_vk8s("somewhere", "mine", NODES, 30123)
    children = build_children({**vk8s, "metadata": {**vk8s["metadata"], "uid": "another"}})
    kinds = [group_key(child) for child in children]
    assert {kind: kinds.count(kind) for kind in kinds} == count_children(NODES)
    assert {child["metadata"]["namespace"] for child in children} == {"somewhere"}
    text = json.dumps(children)
    assert "template-name" not in text
    assert UID not in text


@pytest.mark.parametrize(
    ("share", "found"),
    [(0.25, 0.5), (0.5, 1), (0.75, 1.5), (1, 2)],
)
def test_quantile_of_a_histogram_is_where_prometheus_puts_it(share: float, found: float) -> None:
    assert compute_quantile({1: 10, 2: 20, float("inf"): 20}, share) == found


def test_value_above_all_buckets_counts_as_the_last_bucket() -> None:
    assert compute_quantile({1: 10, float("inf"): 20}, 0.99) == 1
