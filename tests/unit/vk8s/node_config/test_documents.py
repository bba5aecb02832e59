"""Documents as text: what a node fills in stays what it is, and so does what Kubernetes reads in another way."""

import pytest

from hooks.vk8s.node_config.documents import Json, write_documents


@pytest.mark.parametrize(
    ("value", "written"),
    [
        pytest.param("${TOKEN}", '"${TOKEN}"', id="a text to be filled in, which may be all digits"),
        pytest.param("${NODE_NAME}=x", '"${NODE_NAME}=x"', id="a part of a text to be filled in"),
        pytest.param(Json("${TAINTS}"), "${TAINTS}", id="JSON to be filled in"),
        pytest.param("y", '"y"', id="what only Kubernetes takes for a boolean"),
        pytest.param("true", "'true'", id="what everybody takes for one"),
        pytest.param("a b", "a b", id="any other text"),
        pytest.param(False, "false", id="a boolean"),
    ],
)
def test_value_is_read_as_what_it_is(value: object, written: str) -> None:
    assert write_documents({"field": value}).splitlines()[1:] == [f"field: {written}"]


def test_documents_are_blocks_that_people_can_read() -> None:
    text = write_documents({"kind": "One", "list": [{"name": "a", "value": "x" * 200}]}, {"kind": "Two"})
    assert text.splitlines()[1:] == ["kind: One", "list:", "- name: a", f"  value: {'x' * 200}", "---", "kind: Two"]
