"""OCI archives, which `skopeo` pushes to a registry, of what the builds have made: docker archives and Helm charts.

The same input gives the same bytes, so a digest can be published before anybody pushes.
"""

import gzip
import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import yaml

INDEX: Final = "application/vnd.oci.image.index.v1+json"
MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
CONFIG: Final = "application/vnd.oci.image.config.v1+json"
LAYER: Final = "application/vnd.oci.image.layer.v1.tar+gzip"
# What Helm looks for.
CHART_CONFIG: Final = "application/vnd.cncf.helm.config.v1+json"
CHART_CONTENT: Final = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
# Where a name in an archive begins, as in everything else that is built here.
PLACEHOLDER: Final = "registry.example.com"
_CHUNK: Final = 1 << 20


@dataclass(frozen=True)
class Blob:
    """What an archive contains under its digest: a file, or bytes."""

    media_type: str
    content: Path | bytes
    digest: str
    size: int

    def describe(self, **more: object) -> dict[str, object]:
        """The descriptor by which other blobs refer to it."""
        return {"mediaType": self.media_type, "digest": self.digest, "size": self.size, **more}


@dataclass(frozen=True)
class DockerArchive:
    """An archive that `docker load` reads, with one image; `layers` are names in it, lowest first."""

    path: Path
    reference: str
    config: bytes
    layers: Sequence[str]

    @property
    def platform(self) -> dict[str, str]:
        """What an index says of it."""
        config = json.loads(self.config)
        return {key: config[key] for key in ("architecture", "os", "variant") if config.get(key)}

    @property
    def diff_ids(self) -> list[str]:
        """Digests of the uncompressed layers."""
        return list(json.loads(self.config)["rootfs"]["diff_ids"])

    @property
    def name(self) -> str:
        """The name within a registry, such as `vk8s/kink:v1.34.4`."""
        return self.reference.partition("/")[2]


class Layers:
    """Compressed layers in a directory. Images share layers, and compressing takes most of the time of a release."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def compress(self, archive: DockerArchive) -> list[Blob]:
        """The layers of an image, lowest first."""
        with tarfile.open(archive.path) as opened:
            return [self._compress(opened, *pair) for pair in zip(archive.layers, archive.diff_ids, strict=True)]

    def _compress(self, archive: tarfile.TarFile, name: str, diff_id: str) -> Blob:
        out = self._directory / f"{diff_id.removeprefix('sha256:')}.tar.gz"
        if not out.exists():
            partial = out.with_suffix(".partial")
            # Without a name and a time, or the same layer would have another digest each time.
            with partial.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as compressed:
                shutil.copyfileobj(_open_member(archive, name), compressed, _CHUNK)
            partial.replace(out)
        return _build_file_blob(LAYER, out)


def read_docker_archive(path: Path) -> DockerArchive:
    """What is in an archive of `images/archive.py` or of `docker save`."""
    with tarfile.open(path) as archive:
        (image,) = json.load(_open_member(archive, "manifest.json"))
        config = _open_member(archive, image["Config"]).read()
    (reference,) = image["RepoTags"]
    return DockerArchive(path, reference, config, image["Layers"])


def write_image(out: Path, archives: Sequence[DockerArchive], layers: Layers) -> str:
    """Writes an image of one or more platforms, each from an archive of its own; returns the digest of its index."""
    (name,) = {archive.name for archive in archives}
    by_platform = {json.dumps(archive.platform, sort_keys=True): archive for archive in archives}
    if len(by_platform) != len(archives):
        raise ValueError(f"{name}: two archives are for the same platform")
    blobs, manifests = [], []
    for _, archive in sorted(by_platform.items()):
        config = _build_blob(CONFIG, archive.config)
        content = layers.compress(archive)
        manifest = _build_manifest(config, content)
        manifests.append(manifest.describe(platform=archive.platform))
        blobs += [config, *content, manifest]
    index = _build_blob(INDEX, _encode({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}))
    _write_layout(out, name, index, blobs)
    return index.digest


def write_chart(out: Path, name: str, package: Path) -> str:
    """Writes a packaged Helm chart as `helm push` would push it; returns the digest of its manifest."""
    with tarfile.open(package) as chart:
        metadata = yaml.safe_load(_open_member(chart, f"{chart.getnames()[0].partition('/')[0]}/Chart.yaml"))
    config = _build_blob(CHART_CONFIG, _encode(metadata))
    content = _build_file_blob(CHART_CONTENT, package)
    annotations = {
        f"org.opencontainers.image.{key}": metadata[field]
        for key, field in (("title", "name"), ("version", "version"), ("description", "description"))
    }
    manifest = _build_manifest(config, [content], annotations)
    _write_layout(out, name, manifest, [config, content])
    return manifest.digest


def _build_manifest(config: Blob, layers: Sequence[Blob], annotations: Mapping[str, str] | None = None) -> Blob:
    content = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": config.describe(),
        "layers": [layer.describe() for layer in layers],
        **({"annotations": annotations} if annotations else {}),
    }
    return _build_blob(MANIFEST, _encode(content))


def _write_layout(out: Path, name: str, top: Blob, blobs: Iterable[Blob]) -> None:
    """Never a half-written file. The name is what containerd gives the image when it imports the archive."""
    annotations = {
        "io.containerd.image.name": f"{PLACEHOLDER}/{name}",
        "org.opencontainers.image.ref.name": name.rpartition(":")[2],
    }
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [top.describe(annotations=annotations)]}
    unique = {blob.digest: blob for blob in [top, *blobs]}
    partial = out.with_name(f"{out.name}.{os.getpid()}.partial")
    with tarfile.open(partial, "w") as archive:
        _add(archive, "oci-layout", _encode({"imageLayoutVersion": "1.0.0"}))
        _add(archive, "index.json", _encode(index))
        for digest, blob in sorted(unique.items()):
            _add(archive, f"blobs/{digest.replace(':', '/')}", blob.content)
    partial.replace(out)


def _add(archive: tarfile.TarFile, name: str, content: Path | bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.mode = 0o644
    entry.size = len(content) if isinstance(content, bytes) else content.stat().st_size
    with io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as stream:
        archive.addfile(entry, stream)


def _build_blob(media_type: str, content: bytes) -> Blob:
    return Blob(media_type, content, f"sha256:{hashlib.sha256(content).hexdigest()}", len(content))


def _build_file_blob(media_type: str, path: Path) -> Blob:
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return Blob(media_type, path, f"sha256:{digest}", path.stat().st_size)


def _open_member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    content = archive.extractfile(name)
    if content is None:
        raise ValueError(f"{name} is not a file")
    return content


def _encode(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
