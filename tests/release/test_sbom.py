"""release/sbom.py: what a scanner reads."""

import json
from pathlib import Path
from typing import Any

from cyclonedx.model.component import ComponentType
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from release.contents import Contents, Package
from release.sbom import FORMAT, Subject, build_sbom
from tests.release.conftest import CREATED


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def test_every_sbom_keeps_to_the_schema_of_its_format(release: Path) -> None:
    paths = sorted(release.glob("*.cdx.json"))
    assert [path.name.removesuffix(".cdx.json") for path in paths] == [
        "kink-v1.34.4-amd64",
        "kink-v1.34.4-arm64",
        "kubectl-vk8s",
        "kubeflow-installer-v1.10.2-amd64",
    ]
    assert [JsonStrictValidator(FORMAT).validate_str(path.read_text()) for path in paths] == [None] * len(paths)


def test_image_is_identified_by_its_digest_and_platform(release: Path) -> None:
    (line,) = [line for line in (release / "images.txt").read_text().splitlines() if line.startswith("vk8s/kink")]
    digest = line.split()[1]
    component = read(release / "kink-v1.34.4-arm64.cdx.json")["metadata"]["component"]
    assert component["purl"] == f"pkg:oci/kink@{digest}?arch=arm64&tag=v1.34.4"
    assert (component["type"], component["name"], component["version"]) == ("container", "vk8s/kink", "v1.34.4")


def test_packages_come_with_their_licences_and_the_distribution(release: Path) -> None:
    image = read(release / "kink-v1.34.4-amd64.cdx.json")
    (system,) = [each for each in image["components"] if each["type"] == "operating-system"]
    assert (system["name"], system["version"]) == ("debian", "12")
    assert [each["name"] for each in image["components"] if each["type"] == "library"] == ["bash"]
    (click,) = read(release / "kubectl-vk8s.cdx.json")["components"]
    assert (click["purl"], click["licenses"]) == ("pkg:pypi/click@1.0", [{"license": {"id": "MIT"}}])


def test_same_contents_give_the_same_bytes() -> None:
    subject = Subject("vk8s/kink", "v1", ComponentType.CONTAINER, PackageURL("oci", None, "kink", "sha256:0"))
    packages = [Package(PackageURL("golang", "k8s.io", name, "v1")) for name in ("api", "client-go", "apimachinery")]
    texts = {build_sbom(subject, Contents(frozenset(order)), CREATED) for order in (packages, packages[::-1])}
    assert len(texts) == 1
    (text,) = texts
    assert [each["name"] for each in json.loads(text)["components"]] == [
        "k8s.io/api",
        "k8s.io/apimachinery",
        "k8s.io/client-go",
    ]
