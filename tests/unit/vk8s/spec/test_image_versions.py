"""Which Kubernetes a node image has, by its tag."""

import pytest

from hooks.vk8s.spec.image_versions import Version, parse_version


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("kink:v1.34.4", Version("v1.34.4", 34)),
        ("registry.example.com:5000/vk8s/kink:v1.34.4-gpu", Version("v1.34.4", 34)),
        ("kink:1.34.4", Version("1.34.4", 34)),
        ("kink:v1.20", Version("v1.20", 20)),
        ("kink:v1.36.0-rc.1", Version("v1.36.0", 36)),
        (f"kink:v1.34.4@sha256:{'0' * 64}", Version("v1.34.4", 34)),
        (f"kink@sha256:{'0' * 64}", None),
        ("kink", None),
        ("kink:latest", None),
        ("kink:v1.34rc", None),
        ("kink:v1", None),
        ("kink:v2.34.4", None),
        ("kink:gpu-v1.34.4", None),
        ("registry.example.com:1.34/kink", None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_tag_that_is_a_version_is_one(image: str, version: Version | None) -> None:
    assert parse_version(image) == version
