"""The spec as its owner writes it: its defaults, and which fields are read."""

from hooks.vk8s.spec.model import Spec
from tests.world import node, spec


def test_nodes_are_all_that_a_spec_needs() -> None:
    parsed = Spec.model_validate({"nodes": [node("m", "master")]})
    assert (parsed.kubernetes.cni, parsed.storage.size, parsed.storage.ephemeral) == ("flannel", "20Gi", False)
    assert (parsed.paused, parsed.ports, parsed.kubeflow) == (False, [], None)


def test_fields_are_written_in_camel_case_and_unknown_ones_ignored() -> None:
    parsed = Spec.model_validate(spec(accessPodImage="a", access={"authorizedKeys": ["k"]}, ofALaterVersion=1))
    assert (parsed.access_pod_image, parsed.access.authorized_keys) == ("a", ["k"])


def test_roles_divide_the_nodes_in_their_order() -> None:
    parsed = Spec.model_validate(spec(nodes=[node("m", "master"), node("b", "worker"), node("a", "worker")]))
    assert [each.name for each in parsed.control_plane] == ["m"]
    assert [each.name for each in parsed.workers] == ["b", "a"]
