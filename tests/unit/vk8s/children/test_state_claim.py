"""The claim of a node's state."""

from tests.world import World, spec


def test_claim_has_the_class_and_size_of_the_spec() -> None:
    answer = World(spec=spec(storage={"storageClassName": "fast", "size": "7Gi"})).step().sync()
    claim = next(child for child in answer.children if child["kind"] == "PersistentVolumeClaim")
    assert claim["spec"]["storageClassName"] == "fast"
    assert claim["spec"]["resources"] == {"requests": {"storage": "7Gi"}}
