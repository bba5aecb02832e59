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
from kubectl_vk8s.collecting import Part, collect
from kubectl_vk8s.session import Session


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

    Of Secrets and ConfigMaps it has names and sizes alone. Read it before you give it away: logs hold what programs
    have written.
    """
    vk8s = session.get(asked.name)
    now = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    folder = f"{vk8s.namespace}-{vk8s.name}-{now}"
    file = Path(asked.file or f"{folder}.tar.gz")
    parts = list(collect(session.within(vk8s), vk8s))
    missing = [part for part in parts if part.problem]
    note = "".join(f"{part.name}: {part.problem}\n" for part in missing)
    write_archive(file, folder, [*(part for part in parts if not part.problem), Part("missing.txt", note)])
    for part in missing:
        session.screen.say(f"{part.name} is missing: {part.problem}")
    session.screen.print(str(file))
    return None


def write_archive(file: Path, folder: str, parts: Sequence[Part]) -> None:
    """Writes the parts into one archive, which only its owner can read."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as raw, tarfile.open(fileobj=raw, mode="w:gz") as archive:
        for part in parts:
            data = part.text.encode()
            entry = tarfile.TarInfo(f"{folder}/{part.name}")
            entry.size, entry.mode = len(data), 0o600
            archive.addfile(entry, io.BytesIO(data))
