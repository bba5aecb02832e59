"""Objects in YAML, as people and kubectl write it."""

from typing import Any

import pytest
import yaml

from hooks.offline import documents
from hooks.offline.documents import ManifestError, read_objects
from tests.world import IDENTITY

TEXT = "write a string, in quotes if it looks like a number, a date or a boolean."
HEAD = "apiVersion: v1\nkind: Pod\n"


def refuse(text: str) -> tuple[str, ...]:
    """What is wrong with the text."""
    with pytest.raises(ManifestError) as caught:
        read_objects(text)
    return caught.value.problems


def read_metadata(text: str) -> dict[str, Any]:
    """The metadata of the one object that has this in it."""
    (found,) = read_objects(f"{HEAD}metadata: {{name: a, {text}}}")
    metadata: dict[str, Any] = found["metadata"]
    return metadata


def test_lists_of_kubectl_are_read() -> None:
    pods = [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}} for name in ("a", "b")]
    vk8s = {**IDENTITY, "metadata": {"name": "demo"}}
    text = yaml.safe_dump_all([vk8s, {"apiVersion": "v1", "kind": "List", "items": pods}])
    assert [each["metadata"]["name"] for each in read_objects(text)] == ["demo", "a", "b"]


@pytest.mark.parametrize("text", ["", "---\n", "# nothing\n", "---\n---\n"], ids=["empty", "a", "comment", "two"])
def test_documents_without_anything_are_passed_over(text: str) -> None:
    assert read_objects(text) == []


def test_time_without_quotes_is_the_text_that_it_is() -> None:
    assert read_metadata("creationTimestamp: 2026-01-01T00:00:00Z")["creationTimestamp"] == "2026-01-01T00:00:00Z"


def test_null_counts_as_not_written() -> None:
    metadata = read_metadata(
        "labels: null, annotations: , creationTimestamp: null, ownerReferences: ~, namespace: null"
    )
    assert metadata == {"name": "a"}


def test_keys_are_texts_and_aliases_are_written_out() -> None:
    assert read_metadata("labels: &l {2: a, true: b}, annotations: *l") == {
        "name": "a",
        "labels": {"2": "a", "true": "b"},
        "annotations": {"2": "a", "true": "b"},
    }
    (merged,) = read_objects(f"{HEAD}metadata: {{name: a, <<: {{namespace: b}}}}")
    assert merged["metadata"] == {"name": "a", "namespace": "b"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: [", "This is not valid YAML: line 1, column 5: "),
        ("a: \x00", "This is not valid YAML: it has a character that YAML does not allow."),
        ("a: !!binary aGFsbG8=", "This is not valid YAML: line 1, column 4: could not determine a constructor"),
        ("a: !!python/object:os.system {}", "This is not valid YAML: line 1, column 4: could not determine"),
        ("a: !!int x", "It has a value that Kubernetes can't represent: "),
        ("a: !!bool x", "It has a value that Kubernetes can't represent: "),
        ("a: .nan", "It has a value that Kubernetes can't represent: "),
        (f"a: {'9' * 5000}", "It has a value that Kubernetes can't represent: "),
        ('a: "\\uD800"', "It has a value that Kubernetes can't represent: "),
        ("&a [*a]", "It has a value that Kubernetes can't represent: "),
        (f"{HEAD}metadata: {{}}", "metadata.name: write the name of the Pod."),
        (f"{HEAD}metadata: {{name: 7}}", "metadata.name: write the name of the Pod."),
        (HEAD, "metadata.name: write the name of the Pod."),
        ("kind: Pod\nmetadata: {name: a}", "An object does not say what it is: write its apiVersion and kind."),
        ("apiVersion: ''\nkind: Pod", "An object does not say what it is: write its apiVersion and kind."),
        ("- 1", "An object does not say what it is: write its apiVersion and kind."),
        ("text", "An object does not say what it is: write its apiVersion and kind."),
    ],
    ids=[
        "a list without end",
        "a null character",
        "binary data",
        "a Python object",
        "a word as a number",
        "a word as a boolean",
        "not a number",
        "a number of 5000 digits",
        "half a character",
        "a list that holds itself",
        "no name",
        "a number as name",
        "no metadata",
        "no apiVersion",
        "an empty apiVersion",
        "a list",
        "a text",
    ],
)
def test_document_that_is_no_object_is_reported(text: str, sentence: str) -> None:
    (problem,) = refuse(text)
    assert problem.startswith(sentence)
    assert "\n" not in problem


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("labels: 7", "metadata.labels: write a map."),
        ("labels: {v: 1}", f"metadata.labels.v: {TEXT}"),
        ("annotations: {b: yes}", f"metadata.annotations.b: {TEXT}"),
        ("namespace: [1]", f"metadata.namespace: {TEXT}"),
        ("namespace: ''", "metadata.namespace: write a string that is not empty."),
        ("generation: a", "metadata.generation: write a whole number."),
        ("finalizers: a", "metadata.finalizers: write a list."),
        ("ownerReferences: abc", "metadata.ownerReferences: write a list."),
        ("ownerReferences: [{controller: true}]", "metadata.ownerReferences[0].uid: write it."),
        ("ownerReferences: [{uid: a, controller: 7}]", "metadata.ownerReferences[0].controller: write true or false."),
        ("ownerReferences: [7]", "metadata.ownerReferences[0]: write a map."),
    ],
    ids=lambda value: value[:30],
)  # fmt: skip
def test_metadata_that_the_api_server_would_reject_is_reported(text: str, problem: str) -> None:
    assert refuse(f"{HEAD}metadata: {{name: a, {text}}}") == (f"Pod a: {problem}",)


def test_aliases_make_no_gigabytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_CHARACTERS", 1 << 20)
    bomb = "a: &a [x, x, x, x, x, x, x, x]\n" + "".join(
        f"{name}: &{name} [{', '.join([f'*{before}'] * 8)}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert refuse(bomb) == ("It is larger than 1 MiB, with its aliases written out.",)
