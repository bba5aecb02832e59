"""The image of the hooks, as `images/controller` builds it."""

import re
import tarfile
from collections.abc import Iterator

from release.oci import read_docker_archive
from testbed import builds

BUNDLE = "etc/ssl/certs/ca-certificates.crt"
OF_DEBIAN = "usr/share/ca-certificates/mozilla/"
CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----\n.+?\n-----END CERTIFICATE-----", re.DOTALL)


def test_image_trusts_nobody_but_debian_s_authorities() -> None:
    files = dict(list_certificates())
    bundles = [certificates for path, certificates in files.items() if path == BUNDLE]
    shipped = {each for path, certificates in files.items() if path.startswith(OF_DEBIAN) for each in certificates}
    assert len(bundles) == 1
    assert len(bundles[0]) > 100
    assert set(bundles[0]) <= shipped, "a proxy of the machine of the build is nobody else's business"


def list_certificates() -> Iterator[tuple[str, list[bytes]]]:
    """Each file of the image that holds certificates, with these; an upper layer's after that of a lower one."""
    archive = read_docker_archive(builds.build_controller_image())
    with tarfile.open(archive.path) as opened:
        for name in archive.layers:
            with tarfile.open(fileobj=opened.extractfile(name)) as layer:
                for member in layer:
                    content = layer.extractfile(member) if member.name.endswith(".crt") and member.isfile() else None
                    if content:
                        yield member.name.removeprefix("./"), CERTIFICATE.findall(content.read())
