"""A bill of materials (SBOM) in CycloneDX 1.6 as JSON, which scanners for vulnerabilities and licences read.

The format is written by the library of the CycloneDX project. The same input gives the same bytes.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from release.contents import Contents, Package

FORMAT: Final = SchemaVersion.V1_6


@dataclass(frozen=True)
class Subject:
    """What a bill of materials is of: an image of one platform, or a program. `url` identifies exactly these bytes."""

    name: str
    version: str
    type: ComponentType
    url: PackageURL


def build_sbom(subject: Subject, contents: Contents, created: datetime) -> str:
    """The bill of materials of what contains these packages."""
    root = Component(
        name=subject.name, version=subject.version, type=subject.type, purl=subject.url, bom_ref=str(subject.url)
    )
    components = [_build_component(package) for package in contents.packages]
    if contents.distribution:
        components.append(_build_distribution(*contents.distribution))
    bom = Bom(components=components, serial_number=uuid.uuid5(uuid.NAMESPACE_URL, str(subject.url)))
    bom.metadata.component = root
    bom.metadata.timestamp = created
    bom.register_dependency(root, components)
    return make_outputter(bom, OutputFormat.JSON, FORMAT).output_as_string(indent=1) + "\n"


def _build_component(package: Package) -> Component:
    url = package.url
    return Component(
        name=f"{url.namespace}/{url.name}" if url.type == "golang" and url.namespace else url.name,
        version=url.version,
        purl=url,
        bom_ref=str(url),
        licenses=[LicenseFactory().make_from_string(package.licence)] if package.licence else None,
    )


def _build_distribution(name: str, version: str) -> Component:
    """Scanners choose by it whose advisories apply."""
    return Component(name=name, version=version, type=ComponentType.OPERATING_SYSTEM, bom_ref=f"os:{name}-{version}")
