"""Nodes whose Kubernetes does not match that of the control plane: https://kubernetes.io/releases/version-skew-policy/."""

from dataclasses import replace

import pytest

from hooks.kubernetes.manifest import Manifest
from tests.world import World, condition, node, running_world, spec

NEWER = "write v1.34 here, or upgrade the control-plane node first."
OLDER, THAN = "more than three minor versions older than", "the control-plane node's"
UNSUPPORTED = ", which Kubernetes does not support; "


def with_versions(master: str, *workers: str) -> Manifest:
    images = [f"registry.example.com:5000/vk8s/kink:{tag}" for tag in (master, *workers)]
    return spec(
        nodes=[
            node("m", "master", image=images[0]),
            *(node(f"w{place}", "worker", image=image) for place, image in enumerate(images[1:], 1)),
        ]
    )


def read_message(world: World) -> str:
    accepted = condition(world.sync(), "Accepted")
    assert accepted["status"] == "True"
    return str(accepted["message"])


@pytest.mark.parametrize(
    ("master", "workers", "warning"),
    [
        (
            "v1.34.4",
            ["v1.36.1"],
            f"spec.nodes[1].image: v1.36.1 is newer than {THAN} v1.34.4{UNSUPPORTED}{NEWER}",
        ),
        (
            "v1.39.0",
            ["v1.34.4"],
            f"spec.nodes[1].image: v1.34.4 is {OLDER} {THAN} v1.39.0{UNSUPPORTED}write v1.36 to v1.39.",
        ),
        (
            "v1.34.4-gpu",
            ["v1.34.4", "v1.35.0-gpu", "latest", "v1.35.0"],
            f"spec.nodes[2].image, spec.nodes[4].image: v1.35.0 is newer than {THAN} v1.34.4{UNSUPPORTED}{NEWER}",
        ),
    ],
    ids=["a worker that is newer", "a worker that is much older", "some of the workers"],
)
def test_unsupported_skew_has_a_warning(master: str, workers: list[str], warning: str) -> None:
    assert read_message(World(spec=with_versions(master, *workers))) == f"The spec is valid. {warning}"


@pytest.mark.parametrize(
    ("master", "worker"),
    [
        ("v1.34.4", "v1.34.9"),
        ("v1.37.0", "v1.34.4"),
        ("latest", "v1.34.4"),
        ("v1.34.4", "mine"),
        ("v1.34.4", f"v1.34.4@sha256:{'0' * 64}"),
    ],
    ids=[
        "another patch",
        "three versions older",
        "a control plane without version",
        "a worker without",
        "a digest",
    ],
)
def test_supported_or_unknown_skew_has_no_warning(master: str, worker: str) -> None:
    assert read_message(World(spec=with_versions(master, worker))) == "The spec is valid."


def test_during_an_upgrade_the_spec_counts() -> None:
    world = running_world(spec=with_versions("v1.34.4", "v1.34.4"))
    upgrading = replace(world, spec=with_versions("v1.35.4", "v1.35.4"))
    assert read_message(upgrading).startswith("The spec is valid. Waiting to be recreated")
    assert "support" not in read_message(upgrading.step())
    # Somebody who upgrades the worker alone hears of it before anything has been made.
    assert "newer than the control-plane node's" in read_message(
        replace(world, spec=with_versions("v1.34.4", "v1.35.4"))
    )
