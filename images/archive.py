# ruff: noqa: INP001 - a script of the image builds, not part of a package
"""Writes a docker archive (what `docker load` and `ctr image import` read) of static files, without a container engine.

The files become the uppermost layer, executable by everybody; below it may lie layers that are there as tar files, or
those of another image that this program has written. The image is for the architecture that GOARCH says, as to Go, or
for that of this machine.
The same input gives the same bytes.
"""

import argparse
import hashlib
import io
import json
import os
import platform
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
SEARCH_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Image:
    """The metadata of an image: its name, and the `config` object of the OCI image specification."""

    reference: str
    config: Mapping[str, object]


def write_archive(out: Path, images: Sequence[tuple[Image, Sequence[Path]]]) -> None:
    """Writes `out` as a docker archive of images and their uncompressed layers, lowest first.

    A layer that several images have is in it once. There is never a half-written file.
    """
    digests = {layer: _sha256(layer) for _, layers in images for layer in layers}
    configs = [_encode_config(image, [f"sha256:{digests[layer]}" for layer in layers]) for image, layers in images]
    names = [f"{hashlib.sha256(config).hexdigest()}.json" for config in configs]
    manifest = [
        {"Config": name, "RepoTags": [image.reference], "Layers": [f"{digests[layer]}.tar" for layer in layers]}
        for name, (image, layers) in zip(names, images, strict=True)
    ]
    partial = out.with_name(f"{out.name}.{os.getpid()}.partial")
    with tarfile.open(partial, "w") as archive:
        for digest, layer in {digest: layer for layer, digest in digests.items()}.items():
            _add_file(archive, layer, f"{digest}.tar", mode=0o644)
        for name, config in dict(zip(names, configs, strict=True)).items():
            _add_bytes(archive, name, config)
        _add_bytes(archive, "manifest.json", _encode(manifest))
    partial.replace(out)


def _encode_config(image: Image, layers: Sequence[str]) -> bytes:
    return _encode(
        {
            "architecture": os.environ.get("GOARCH") or ARCHITECTURES[platform.machine()],
            "os": "linux",
            "config": dict(image.config),
            "rootfs": {"type": "layers", "diff_ids": layers},
            "history": [{"created_by": "vk8s images"} for _ in layers],
        }
    )


def read_base(directory: Path) -> tuple[Mapping[str, Any], Sequence[Path]]:
    """The `config` object and the layers, lowest first, of an archive of this program that is unpacked there."""
    (manifest,) = json.loads((directory / "manifest.json").read_bytes())
    config = json.loads((directory / manifest["Config"]).read_bytes())
    return config["config"], [directory / name for name in manifest["Layers"]]


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


def parse_arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("reference")
    parser.add_argument("files", nargs="*", metavar="SOURCE:DESTINATION")
    parser.add_argument(
        "--layer", dest="layers", action="append", type=Path, default=[], help="repeatable, lowest first"
    )
    parser.add_argument("--base", type=Path, help="an unpacked archive: its layers below all others, and its settings")
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE", help="repeatable")
    parser.add_argument("--entrypoint", help="default: the base's, or else the first destination")
    parser.add_argument("--stop-signal")
    return parser.parse_args()


def build_config(given: argparse.Namespace, base: Mapping[str, Any]) -> Mapping[str, Any]:
    """The `config` object of an image: what the command line says, else the settings of its base."""
    first = given.files[0].rpartition(":")[2] if given.files else None
    entrypoint = [given.entrypoint] if given.entrypoint else base.get("Entrypoint", [first])
    return {
        **base,
        "Env": [*base.get("Env", [SEARCH_PATH]), *given.env],
        "Entrypoint": entrypoint,
        **({"StopSignal": given.stop_signal} if given.stop_signal else {}),
    }


def main() -> None:
    """Packs the layers and files named on the command line."""
    given = parse_arguments()
    files = [(Path(source), destination) for source, _, destination in (pair.rpartition(":") for pair in given.files)]
    base, base_layers = read_base(given.base) if given.base else ({}, [])
    packed = given.out.with_name(f"{given.out.name}.{os.getpid()}.layer")
    try:
        if files:
            pack_files(packed, files)
        layers = [*base_layers, *given.layers, *([packed] if files else [])]
        write_archive(given.out, [(Image(given.reference, build_config(given, base)), layers)])
    finally:
        packed.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
