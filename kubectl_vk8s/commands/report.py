"""`report`: one file for a ticket, with what somebody else needs to find out what is wrong."""

import io
import os
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from kubectl_vk8s import options
from kubectl_vk8s.collecting import NODES_LOG, Part, collect
from kubectl_vk8s.kubectl import Kubectl
from kubectl_vk8s.logs import Line
from kubectl_vk8s.objects import read_objects
from kubectl_vk8s.page import Found, build_page
from kubectl_vk8s.session import Session
from kubectl_vk8s.vk8s import Vk8s


@dataclass(frozen=True)
class Options:
    """What `report` is asked for."""

    name: str | None
    file: str | None


@options.command(Options, name="report")
@options.name_argument()
@click.option("--file", metavar="FILE", help="Where to write it.  [default: NAMESPACE-NAME-TIME.tar.gz]")
def command(session: Session, asked: Options) -> int | None:
    """Write status, events, logs and objects of a virtual cluster to one file.

    Open its index.html first. Of Secrets and ConfigMaps it has names and sizes alone. Read it before you give it away:
    logs hold what programs have written.
    """
    vk8s = session.get(asked.name)
    folder = f"{vk8s.namespace}-{vk8s.name}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    file = Path(asked.file or f"{folder}.tar.gz")
    kubectl = session.within(vk8s)
    parts = list(collect(kubectl, vk8s))
    missing = [part for part in parts if part.problem]
    note = "".join(f"{part.name}: {part.problem}\n" for part in missing)
    found = [*(part for part in parts if not part.problem), Part("missing.txt", note)]
    write_archive(file, folder, [*found, build_index(kubectl, vk8s, found)])
    for part in missing:
        session.screen.say(f"{part.name} is missing: {part.problem}")
    session.screen.print(str(file))
    return None


def build_index(kubectl: Kubectl, vk8s: Vk8s, parts: Sequence[Part]) -> Part:
    """The page to begin with, which leads to all others."""
    texts = {part.name: part.text for part in parts}
    lines = [Line(*line.split(" ", 2)) for line in texts.get(NODES_LOG, "").splitlines()]
    found = Found(vk8s, read_objects(kubectl, vk8s), lines, datetime.now(UTC), sorted(texts))
    return Part("index.html", build_page(found))


def write_archive(file: Path, folder: str, parts: Sequence[Part]) -> None:
    """Writes the parts into one archive, which only its owner can read."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as raw, tarfile.open(fileobj=raw, mode="w:gz") as archive:
        for part in parts:
            data = part.text.encode()
            entry = tarfile.TarInfo(f"{folder}/{part.name}")
            entry.size, entry.mode = len(data), 0o600
            archive.addfile(entry, io.BytesIO(data))
