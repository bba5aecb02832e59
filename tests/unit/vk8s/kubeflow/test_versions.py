"""Whether a Kubeflow goes with the Kubernetes of the nodes, as far as that is known."""

import pytest

from hooks.vk8s.kubeflow.versions import MADE_FOR, explain_mismatch
from hooks.vk8s.spec.model import Spec
from hooks.vk8s.spec.validate import parse_spec
from tests.world import World, condition, node, spec

KUBEFLOW = {"name": "kubeflow", "port": 30000, "targetPort": 30000}
NEWEST = "v1.9 or v1.10 or v1.11 or 26.03"


def build_spec(version: str, image: str) -> Spec:
    master = {**node("m", "master"), "image": image}
    parsed, problems = parse_spec(spec(nodes=[master], kubeflow={"version": version}, ports=[KUBEFLOW]))
    assert parsed
    assert problems == []
    return parsed


@pytest.mark.parametrize(
    ("version", "tag", "sentence"),
    [
        ("v1.3.0", "v1.34.4", f"1.17 to 1.21, not for 1.34; write a version of {NEWEST}."),
        ("v1.6.1", "1.34.4", f"1.22 or older, not for 1.34; write a version of {NEWEST}."),
        ("26.03", "v1.33.0-gpu", "1.34 or newer, not for 1.33; write a version of v1.9 or v1.10."),
        ("26.03.1", "v1.33.0", "1.34 or newer, not for 1.33; write a version of v1.9 or v1.10."),
        ("v1.9.2", "v1.20", "1.29 or newer, not for 1.20; write a version of v1.3 or v1.4."),
        ("v1.9.2", "v1.27.1", "1.29 or newer, not for 1.27; write another version of one of the two."),
    ],
    ids=["too old", "too old, oldest not named", "too new", "a patch of that", "much too new", "between all"],
)  # fmt: skip
def test_incompatible_versions_are_reported(version: str, tag: str, sentence: str) -> None:
    told = explain_mismatch(build_spec(version, f"registry.example.com:5000/vk8s/kink:{tag}"))
    assert told == f"kubeflow.version: {version} is made for Kubernetes {sentence}"


@pytest.mark.parametrize(
    ("version", "image"),
    [
        ("v1.3.0", "registry.example.com/kink:v1.20"),
        ("v1.10.2", "registry.example.com/kink:v1.34.4"),
        ("26.03", "registry.example.com/kink:v1.34.4-gpu"),
        ("27.09", "registry.example.com/kink:v1.20"),
        ("v1.3.0", "registry.example.com/kink:latest"),
        ("v1.3.0", "registry.example.com/kink@sha256:" + 64 * "0"),
    ],
    ids=["the original's sample", "newer", "a variant", "not known", "no version in the tag", "no tag"],
)
def test_compatible_or_unknown_versions_are_not_reported(version: str, image: str) -> None:
    assert explain_mismatch(build_spec(version, image)) is None


@pytest.mark.parametrize("release", MADE_FOR)
def test_every_release_is_one_that_can_be_written(release: str) -> None:
    build_spec(f"{release}.0" if release.startswith("v") else release, "kink:v1.34.4")


def test_status_reports_the_mismatch() -> None:
    old = {**node("m", "master"), "image": "kink:v1.34.4"}
    world = World(spec=spec(nodes=[old], kubeflow={"version": "v1.3.0"}, ports=[KUBEFLOW]))
    message = condition(world.sync(), "Accepted")["message"]
    assert message.startswith("The spec is valid. kubeflow.version: v1.3.0 is")
