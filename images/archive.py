# ruff: noqa: INP001 - a script of the image builds, not part of a package
"""Writes a docker archive (what `docker load` and `ctr image import` read) of static files, without a container engine.

archive.py OUT.tar REFERENCE SOURCE:DESTINATION...      the first destination becomes the entry point.

The same input gives the same bytes. An image with a whole root file system in it is not made here, but described
through `write_archive`, by kink/assemble.py.
"""

import argparse
import hashlib
import io
import json
import os
import platform
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
SEARCH_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Image:
    """What an engine is told about an image: its name, and the `config` object of the OCI image specification."""

    reference: str
    config: Mapping[str, object] = field(default_factory=dict)


def write_archive(out: Path, image: Image, layer: Path) -> None:
    """Writes `out` as a docker archive with the one uncompressed layer `layer`; never a half-written file."""
    digest = _sha256(layer)
    settings: dict[str, object] = {"Env": [SEARCH_PATH], **image.config}
    config = _encode(
        {
            "architecture": ARCHITECTURES[platform.machine()],
            "os": "linux",
            "config": settings,
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
            "history": [{"created_by": "vk8s images"}],
        }
    )
    config_name = f"{hashlib.sha256(config).hexdigest()}.json"
    manifest = [{"Config": config_name, "RepoTags": [image.reference], "Layers": ["layer.tar"]}]
    partial = out.with_name(f"{out.name}.{os.getpid()}.partial")
    with tarfile.open(partial, "w") as archive:
        _add_file(archive, layer, "layer.tar", mode=0o644)
        _add_bytes(archive, config_name, config)
        _add_bytes(archive, "manifest.json", _encode(manifest))
    partial.replace(out)


def pack_files(out: Path, files: Iterable[tuple[Path, str]]) -> None:
    """Writes a layer of executables: pairs of a file here and its absolute path in the image."""
    with tarfile.open(out, "w") as layer:
        for source, destination in files:
            _add_file(layer, source, destination.lstrip("/"), mode=0o755)


def _add_file(archive: tarfile.TarFile, source: Path, name: str, *, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = source.stat().st_size, mode
    with source.open("rb") as content:
        archive.addfile(entry, content)


def _add_bytes(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o644
    archive.addfile(entry, io.BytesIO(content))


def _encode(value: object) -> bytes:
    return json.dumps(value, sort_keys=True).encode()


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def main() -> None:
    """Packs the files named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("reference")
    parser.add_argument("files", nargs="+", metavar="SOURCE:DESTINATION")
    given = parser.parse_args()
    files = [pair.rpartition(":") for pair in given.files]
    layer = given.out.with_name(f"{given.out.name}.{os.getpid()}.layer")
    try:
        pack_files(layer, [(Path(source), destination) for source, _, destination in files])
        write_archive(given.out, Image(given.reference, {"Entrypoint": [files[0][2]]}), layer)
    finally:
        layer.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
