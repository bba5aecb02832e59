"""What is said of a Vk8s before it is applied."""

import re
from typing import Any

import pytest

from hooks.offline.advice import LEAST_MEMORY, OLDEST_MINOR, list_refusals, list_warnings
from hooks.server.main import load_crd
from tests.shared_material import ROOT
from tests.world import IDENTITY, World, node, spec

VALID = World().sync().status


def warn(**fields: Any) -> list[str]:
    """The warnings about a node with these fields, in a Vk8s that the hooks find nothing about."""
    return list_warnings({"spec": spec(nodes=[{**node("m", "master"), **fields}])}, VALID)


@pytest.mark.parametrize(
    "image",
    [
        "registry.example.com/vk8s/kink:v1.34.4",
        "localhost:5000/kink:v1.35.0",
        "kink:v1.34.4-gpu",
        "kink:v2@sha256:abc",
        "registry.example.com:5000/kink@sha256:abc",
    ],
)
def test_image_that_may_be_a_node_s_is_not_warned_of(image: str) -> None:
    assert warn(image=image) == []


@pytest.mark.parametrize(
    ("image", "tag"),
    [
        ("kink:v1.20", "v1.20"),
        ("kink:v1.33.9", "v1.33.9"),
        ("kink:v1.34", "v1.34"),
        ("kink:1.34.4", "1.34.4"),
        ("kink:latest", "latest"),
        ("registry.example.com:5000/kink", "no tag"),
    ],
)
def test_another_image_has_a_warning(image: str, tag: str) -> None:
    (warning,) = warn(image=image)
    assert warning.startswith(f"spec.nodes[0].image: {tag} does not look like a node image; ")
    assert warning.endswith("from v1.34 on, such as v1.34.4.")


@pytest.mark.parametrize(
    ("role", "limit", "count"),
    [("master", "768Mi", 0), ("master", "767Mi", 1), ("worker", "256Mi", 0), ("worker", 1000, 1), ("worker", "1Gi", 0)],
)
def test_node_with_too_little_memory_has_a_warning(role: str, limit: object, count: int) -> None:
    assert len(warn(role=role, resources={"limits": {"memory": limit}})) == count


def test_boot_asks_for_as_much_memory() -> None:
    preflight = (ROOT / "hooks" / "vk8s" / "bootstrap" / "preflight.sh").read_text()
    worker, master = (int(number) for number in re.findall(r"\bleast=(\d+)", preflight))
    assert {"master": master, "worker": worker} == LEAST_MEMORY


def test_images_that_are_built_are_of_the_oldest_version_or_newer() -> None:
    modules = (ROOT / "images" / "binaries" / "go.mod").read_text()
    (minor,) = re.findall(r"k8s.io/kubernetes v1\.(\d+)", modules)
    assert int(minor) >= OLDEST_MINOR


def test_form_that_only_the_model_rejects_is_rejected() -> None:
    vk8s = {**IDENTITY, "metadata": {"name": "demo"}, "spec": spec(storage={"size": "much"})}
    (refusal,) = list_refusals(vk8s, load_crd())
    assert refusal.startswith("spec.storage.size: ")
