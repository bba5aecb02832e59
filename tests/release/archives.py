"""Small docker archives, as `images/archive.py` and `docker save` write them."""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from release.oci import DockerArchive, read_docker_archive

Files = Mapping[str, bytes]
DPKG_STATUS = b"""\
Package: bash
Status: install ok installed
Architecture: amd64
Source: bash (5.2.15-2)
Version: 5.2.15-2+b13

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1
"""
OS_RELEASE = b'ID=debian\nVERSION_ID="12"\n'
METADATA = "Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\nLicense-Expression: MIT\n\nA description.\n"
DEBIAN = {"./var/lib/dpkg/status": DPKG_STATUS, "./usr/lib/os-release": OS_RELEASE}


def write_docker_archive(
    path: Path, reference: str, layers: Sequence[Files], architecture: str = "amd64"
) -> DockerArchive:
    """An image with these layers, lowest first."""
    packed = [pack(layer) for layer in layers]
    config = {
        "architecture": architecture,
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}" for layer in packed]},
    }
    names = [f"{number}/layer.tar" for number in range(len(packed))]
    manifest = [{"Config": "config.json", "RepoTags": [f"registry.example.com/{reference}"], "Layers": names}]
    files = dict(zip(names, packed, strict=True))
    encoded = {"config.json": json.dumps(config).encode(), "manifest.json": json.dumps(manifest).encode()}
    path.write_bytes(pack({**files, **encoded}))
    return read_docker_archive(path)


def write_chart(path: Path, name: str, version: str) -> Path:
    """A chart as `helm package` writes it."""
    metadata = f"apiVersion: v2\nname: {name}\nversion: {version}\ndescription: A chart\n"
    path.write_bytes(pack({f"{name}/Chart.yaml": metadata.encode()}, "w:gz"))
    return path


def pack(files: Files, mode: str = "w:") -> bytes:
    """A tar file."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


@dataclass(frozen=True)
class OciArchive:
    """An OCI archive, as those who read one see it."""

    path: Path

    @property
    def index(self) -> Any:
        """What it has, by name."""
        return json.loads(self.read("index.json"))

    def read(self, name: str) -> bytes:
        """A file in it."""
        with tarfile.open(self.path) as archive:
            content = archive.extractfile(name)
            assert content
            return content.read()

    def get_blob(self, descriptor: Mapping[str, Any]) -> bytes:
        """What a descriptor stands for, which has exactly that digest and size."""
        content = self.read(f"blobs/{descriptor['digest'].replace(':', '/')}")
        assert (f"sha256:{hashlib.sha256(content).hexdigest()}", len(content)) == (
            descriptor["digest"],
            descriptor["size"],
        )
        return content

    def list_manifests(self) -> dict[str, Any]:
        """The manifest for each architecture of the only image in it."""
        (top,) = self.index["manifests"]
        manifests = json.loads(self.get_blob(top))["manifests"]
        return {each["platform"]["architecture"]: json.loads(self.get_blob(each)) for each in manifests}

    def list_layers(self, architecture: str) -> Iterator[bytes]:
        """The compressed layers for an architecture, lowest first."""
        for layer in self.list_manifests()[architecture]["layers"]:
            yield self.get_blob(layer)
