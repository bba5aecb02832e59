"""Every child of the scenarios against the schemas of Kubernetes, in which no unknown field is allowed."""

from collections.abc import Iterable

import kubernetes_validate
import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import POD, group_key
from hooks.vk8s.observed.kinds import CHILD_KINDS
from tests.scenarios.golden import list_children

# The oldest host cluster that is supported, the one that most tests run in, and the newest that the library knows.
VERSIONS = ("1.31", "1.34", kubernetes_validate.latest_version())
CHILDREN = [child for child in list_children() if group_key(child) in CHILD_KINDS]


def check_value(children: Iterable[Manifest], version: str) -> list[str]:
    """What that version of Kubernetes does not know, or refuses, with the name of the child and the place in it."""
    faults = []
    for child in children:
        try:
            kubernetes_validate.validate(child, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            place = ".".join(map(str, error.path))
            faults.append(f"{child['kind']} {child['metadata']['name']}: {place}: {error.message}")
    return faults


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_knows_every_field_of_every_child(version: str) -> None:
    assert check_value(CHILDREN, version) == [], f"Kubernetes {version} rejects these: correct their builders"


@pytest.mark.parametrize("version", VERSIONS)
def test_typo_in_a_child_of_any_kind_is_found(version: str) -> None:
    kinds = {group_key(child): {**child, "typo": "x"} for child in CHILDREN}
    assert kinds.keys() == CHILD_KINDS.keys()
    faults = check_value(kinds.values(), version)
    assert len(faults) == len(kinds)
    assert all("'typo' was unexpected" in fault for fault in faults)


def test_typo_deep_in_a_child_is_found_at_its_place() -> None:
    pod = next(child for child in CHILDREN if group_key(child) == POD)
    (container,) = pod["spec"]["containers"]
    misspelt = {("volumeMount" if key == "volumeMounts" else key): value for key, value in container.items()}
    (fault,) = check_value([{**pod, "spec": {**pod["spec"], "containers": [misspelt]}}], "1.31")
    assert fault.startswith(f"Pod {pod['metadata']['name']}: spec.containers.0: ")
    assert "'volumeMount' was unexpected" in fault
