"""Which packages an image contains: of Debian, of Python, and the Go modules of its programs.

Each is read from where its own tools record it: dpkg's status, the metadata of installed Python packages, and what the
Go linker writes into a program.
"""

import json
import subprocess
import tarfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import IO, Any, Final

from packageurl import PackageURL

from release.oci import DockerArchive

DPKG_STATUS: Final = "var/lib/dpkg/status"
OS_RELEASE: Final = "usr/lib/os-release"
# Python packages there are Debian's, and listed as such.
OF_DEBIAN: Final = "usr/lib/python3/"
_METADATA: Final = ".dist-info/METADATA"
_WHITEOUT, _OPAQUE = ".wh.", ".wh..wh..opq"
_ELF, _GO_MARK = b"\x7fELF", b"\xff Go buildinf:"
# The machine in the head of a program, by the architecture of the image; what the kernel itself runs is for none.
_MACHINES: Final = {"amd64": 62, "arm64": 183}
_MACHINE, _BPF = slice(18, 20), 247
# One that is foreign is seldom alone.
_MOST_NAMED: Final = 5


@dataclass(frozen=True)
class Package:
    """A package by its URL, which scanners look vulnerabilities up by; `licence` as the package declares it."""

    url: PackageURL
    licence: str = ""


@dataclass(frozen=True)
class Contents:
    """What an image is made of. `distribution`: ID and VERSION_ID of /etc/os-release, if it has one."""

    packages: frozenset[Package]
    distribution: tuple[str, str] | None = None


@dataclass(frozen=True)
class _Found:
    """The files that describe packages, by their paths, and the paths of programs for another machine."""

    texts: Mapping[str, str]
    foreign: Sequence[str]


def read_contents(archive: DockerArchive) -> Contents:
    """What is in an image, with its layers put over one another. Its programs must be for its architecture."""
    architecture = archive.platform["architecture"]
    with ExitStack() as stack:
        programs = stack.enter_context(TemporaryDirectory(prefix="vk8s-release-"))
        opened = stack.enter_context(tarfile.open(archive.path))
        layers = [stack.enter_context(tarfile.open(fileobj=opened.extractfile(name))) for name in archive.layers]
        found = _read_files(layers, Path(programs), _MACHINES[architecture])
        modules = list(list_modules(Path(programs)))
    if found.foreign:
        listed = ", ".join(sorted(found.foreign)[:_MOST_NAMED])
        raise ValueError(f"{archive.name} for {architecture} has programs for another architecture: {listed}")
    texts = found.texts
    distribution = _parse_os_release(texts[OS_RELEASE]) if OS_RELEASE in texts else None
    debian = parse_status(texts.get(DPKG_STATUS, ""), distribution)
    python = (parse_metadata(text) for name, text in texts.items() if name.endswith(_METADATA))
    return Contents(frozenset([*debian, *python, *modules]), distribution)


def read_program(path: Path) -> Contents:
    """What is in a Python program in one file."""
    with zipfile.ZipFile(path) as program:
        texts = [program.read(name).decode() for name in program.namelist() if name.endswith(_METADATA)]
    return Contents(frozenset(map(parse_metadata, texts)))


def parse_status(text: str, distribution: tuple[str, str] | None = None) -> Iterator[Package]:
    """The installed packages of dpkg's status."""
    for paragraph in text.split("\n\n"):
        fields = Parser().parsestr(paragraph, headersonly=True)
        if str(fields.get("Status", "")).endswith(" installed"):
            yield _build_debian_package(fields, distribution)


def parse_metadata(text: str) -> Package:
    """An installed Python package."""
    fields = Parser().parsestr(text, headersonly=True)
    # As packages are called in the index: pydantic_core is pydantic-core there.
    name = fields["Name"].lower().replace("_", "-").replace(".", "-")
    return Package(PackageURL("pypi", None, name, fields["Version"]), fields.get("License-Expression", ""))


def list_modules(directory: Path) -> Iterator[Package]:
    """The Go modules of the programs in a directory, and Go's standard library; not what is built from this project."""
    command = ["go", "version", "-m", "-json", str(directory)]
    text = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    for build in _split_objects(text):
        yield _build_module("stdlib", build["GoVersion"].removeprefix("go"))
        for module in [build["Main"], *build.get("Deps", [])]:
            used = module.get("Replace", module)
            if used.get("Version", "(devel)") != "(devel)":
                yield _build_module(used["Path"], used["Version"])


def _build_debian_package(fields: Message, distribution: tuple[str, str] | None) -> Package:
    qualifiers = {"arch": fields["Architecture"]}
    if distribution:
        qualifiers["distro"] = "-".join(distribution)
    if source := fields.get("Source"):
        # Advisories are about source packages. A version in parentheses is given where it differs.
        qualifiers["upstream"] = source.replace(" (", "@").rstrip(")")
    return Package(PackageURL("deb", "debian", fields["Package"], fields["Version"], qualifiers))


def _build_module(path: str, version: str) -> Package:
    namespace, _, name = path.rpartition("/")
    return Package(PackageURL("golang", namespace or None, name, version))


def _read_files(layers: Iterable[tarfile.TarFile], programs: Path, machine: int) -> _Found:
    """The files that describe packages; copies programs that Go has built into a directory."""
    texts, foreign = {}, []
    for number, (path, (layer, member)) in enumerate(_merge(layers).items()):
        if path in (DPKG_STATUS, OS_RELEASE) or (path.endswith(_METADATA) and not path.startswith(OF_DEBIAN)):
            texts[path] = _open(layer, member).read().decode()
        elif content := _find_program(_open(layer, member)):
            if int.from_bytes(content[_MACHINE], "little") not in (machine, _BPF):
                foreign.append(path)
            elif _GO_MARK in content:
                program = programs / str(number)
                program.write_bytes(content)
                program.chmod(0o700)  # or Go looks at it no further
    return _Found(texts, foreign)


def _merge(layers: Iterable[tarfile.TarFile]) -> dict[str, tuple[tarfile.TarFile, tarfile.TarInfo]]:
    """The files that can be seen, by their paths: each with the uppermost layer that has it."""
    seen: dict[str, tuple[tarfile.TarFile, tarfile.TarInfo]] = {}
    for layer in layers:
        members = {member.name.removeprefix("./").lstrip("/"): member for member in layer}
        whiteouts = [path for path in members if PurePosixPath(path).name.startswith(_WHITEOUT)]
        seen = {path: found for path, found in seen.items() if not any(_hides(each, path) for each in whiteouts)}
        files = {path: member for path, member in members.items() if member.isfile() and path not in whiteouts}
        seen.update({path: (layer, member) for path, member in files.items()})
    return seen


def _hides(whiteout: str, path: str) -> bool:
    """Whether this entry of a layer says that a path of the layers below is gone."""
    parent, _, name = whiteout.rpartition("/")
    hidden = parent if name == _OPAQUE else f"{parent}/{name.removeprefix(_WHITEOUT)}".lstrip("/")
    return path == hidden or path.startswith(f"{hidden}/")


def _open(layer: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    content = layer.extractfile(member)
    if content is None:
        raise ValueError(f"{member.name} is not a file")
    return content


def _find_program(stream: IO[bytes]) -> bytes | None:
    return _ELF + stream.read() if stream.read(len(_ELF)) == _ELF else None


def _parse_os_release(text: str) -> tuple[str, str]:
    values = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    return values["ID"].strip('"'), values["VERSION_ID"].strip('"')


def _split_objects(text: str) -> Iterator[dict[str, Any]]:
    """The JSON objects of a text that is one after the other."""
    decoder, position = json.JSONDecoder(), 0
    while text[position:].strip():
        while text[position].isspace():
            position += 1
        value, position = decoder.raw_decode(text, position)
        yield value
