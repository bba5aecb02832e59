"""Puts what was built into the directory of a release: archives, charts, the command, lists, sums and SBOMs."""

import hashlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from cyclonedx.model.component import ComponentType
from packageurl import PackageURL

from hooks.setup.metacontroller import VERSION as METACONTROLLER
from release.contents import read_contents, read_program
from release.kubeflow import list_kubeflow_images
from release.oci import DockerArchive, Layers, write_chart, write_image
from release.sbom import Subject, build_sbom

LIST, SUMS, PUSH = "images.txt", "SHA256SUMS", "vk8s-push"
CHARTS: Final = "vk8s/charts"
KUBEFLOW_INSTALLER: Final = "vk8s/kubeflow-installer:"
# What a host cluster pulls in addition, from others.
EXTERNAL: Final = (f"docker.io/metacontrollerio/metacontroller:{METACONTROLLER}",)
_SCRIPT: Final = Path(__file__).with_name("vk8s-push.sh")


@dataclass(frozen=True)
class Parts:
    """What was built. `images`: for each image an archive for each of its platforms. `command`: of images/cli."""

    version: str
    created: datetime
    images: Sequence[Sequence[DockerArchive]]
    charts: Sequence[Path]
    command: Path


@dataclass(frozen=True)
class Entry:
    """A line of the list: a name within a registry, its digest there, and the archive that contains it."""

    name: str
    digest: str
    file: str


def assemble(out: Path, parts: Parts, say: Callable[[str], None]) -> None:
    """Writes the release into `out`, which is empty. An image takes up to a minute; `say` is given its name before."""
    entries = [*_write_images(out, parts, say), *_write_charts(out, parts)]
    shutil.copytree(parts.command, out, symlinks=True, dirs_exist_ok=True, ignore=shutil.ignore_patterns(SUMS))
    _write_sbom_of_command(out, parts)
    (out / LIST).write_text(build_list(parts.version, entries))
    shutil.copy(_SCRIPT, out / PUSH)
    (out / PUSH).chmod(0o755)
    (out / SUMS).write_text(build_sums(out))


def build_list(version: str, entries: Sequence[Entry]) -> str:
    """What a host cluster pulls: for people, and for `vk8s-push`, which reads it."""
    columns = [(entry.name, entry.digest, entry.file) for entry in entries]
    width = max(len(name) for name, _, _ in columns)
    return "\n".join(
        [
            f"# vk8s-metacontroller {version}: name in your registry, digest, archive (./vk8s-push REGISTRY).",
            *(f"{name:{width}}  {digest}  {file}" for name, digest, file in columns),
            "# Not in this release: pulled from elsewhere, or copied by you.",
            *EXTERNAL,
            "",
        ]
    )


def build_sums(directory: Path) -> str:
    """What `sha256sum --check` reads: each file of the directory."""
    files = sorted(path for path in directory.iterdir() if path.name != SUMS)
    return "".join(f"{_compute_sum(path)}  {path.name}\n" for path in files)


def _write_images(out: Path, parts: Parts, say: Callable[[str], None]) -> list[Entry]:
    entries = []
    with TemporaryDirectory(prefix="layers-", dir=out.parent) as directory:
        layers = Layers(Path(directory))
        for archives in parts.images:
            say(f"Packing {archives[0].name}")
            entries.append(_write_image(out, archives, layers, parts.created))
    return entries


def _write_image(out: Path, archives: Sequence[DockerArchive], layers: Layers, created: datetime) -> Entry:
    name = archives[0].name
    stem = name.rpartition("/")[2].replace(":", "-")
    digest = write_image(out / f"{stem}.oci.tar", archives, layers)
    for archive in archives:
        _write_sbom(out / f"{stem}-{archive.platform['architecture']}.cdx.json", archive, digest, created)
    if name.startswith(KUBEFLOW_INSTALLER):
        (out / f"{stem}-images.txt").write_text("".join(f"{image}\n" for image in list_kubeflow_images(archives[0])))
    return Entry(name, digest, f"{stem}.oci.tar")


def _write_sbom(out: Path, archive: DockerArchive, digest: str, created: datetime) -> None:
    repository, _, tag = archive.name.rpartition(":")
    qualifiers = {"arch": archive.platform["architecture"], "tag": tag}
    url = PackageURL("oci", None, repository.rpartition("/")[2], digest, qualifiers)
    subject = Subject(repository, tag, ComponentType.CONTAINER, url)
    out.write_text(build_sbom(subject, read_contents(archive), created))


def _write_sbom_of_command(out: Path, parts: Parts) -> None:
    program = out / "kubectl-vk8s"
    url = PackageURL("generic", None, program.name, parts.version, {"checksum": f"sha256:{_compute_sum(program)}"})
    subject = Subject(program.name, parts.version, ComponentType.APPLICATION, url)
    (out / f"{program.name}.cdx.json").write_text(build_sbom(subject, read_program(program), parts.created))


def _write_charts(out: Path, parts: Parts) -> list[Entry]:
    entries = []
    for package in parts.charts:
        name = f"{CHARTS}/{package.stem.removesuffix(f'-{parts.version}')}:{parts.version}"
        file = f"{package.stem}.chart.oci.tar"
        entries.append(Entry(name, write_chart(out / file, name, package), file))
        shutil.copy(package, out)
    return entries


def _compute_sum(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def describe_sizes(directory: Path) -> Mapping[str, int]:
    """The files of a release and their sizes in bytes, largest first."""
    sizes = {path.name: path.stat().st_size for path in directory.iterdir()}
    return dict(sorted(sizes.items(), key=lambda pair: -pair[1]))
