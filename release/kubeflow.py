"""Which images the pods of a Kubeflow pull, for those who mirror them."""

import tarfile
from collections.abc import Iterator
from typing import Final

import yaml

from release.oci import DockerArchive

OBJECTS: Final = "kubeflow/objects/"
_CONTAINERS: Final = ("containers", "initContainers", "ephemeralContainers")


def list_kubeflow_images(archive: DockerArchive) -> list[str]:
    """The images of the containers in the objects that an installer applies.

    What operators start later is not among them, as its images are in their own configuration.
    """
    images: set[str] = set()
    with tarfile.open(archive.path) as opened, tarfile.open(fileobj=opened.extractfile(archive.layers[-1])) as layer:
        for member in layer:
            if member.isfile() and member.name.removeprefix("./").startswith(OBJECTS):
                content = layer.extractfile(member)
                images.update(_list_images(yaml.load(content, yaml.CSafeLoader)))  # type: ignore[arg-type]
    return sorted(images)


def _list_images(value: object) -> Iterator[str]:
    """Of all pod specs in an object, wherever they are."""
    if isinstance(value, dict):
        for key in _CONTAINERS:
            containers = value.get(key)
            if isinstance(containers, list):
                yield from (each["image"] for each in containers if isinstance(each, dict) and "image" in each)
        for each in value.values():
            yield from _list_images(each)
    elif isinstance(value, list):
        for each in value:
            yield from _list_images(each)
