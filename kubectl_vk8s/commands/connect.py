"""`connect`: a context for a virtual cluster that finds its way by itself, or a command that is run in it."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import click

from kubectl_vk8s import options
from kubectl_vk8s.connecting import Wish, add_context, build_tunnel
from kubectl_vk8s.credentials import read_credentials
from kubectl_vk8s.problems import Exit, ProblemError
from kubectl_vk8s.session import Session
from kubectl_vk8s.tunnel.inside import serve_inside
from kubectl_vk8s.tunnel.place import ADDRESS, Tunnel, write_private
from kubectl_vk8s.vk8s import Vk8s


@dataclass(frozen=True)
class Options:
    """What `connect` is asked for."""

    name: str | None
    switch: bool
    file: str | None
    print_: bool
    local_port: int | None
    server: str | None
    rest: Sequence[str]


@options.command(Options, name="connect")
@options.name_argument()
@click.option("--switch", is_flag=True, help="Make it the current context.")
@click.option("--file", metavar="FILE", help="Write the context to this kubeconfig.")
@click.option("--print", "print_", is_flag=True, help="Print a kubeconfig with it, and write none.")
@click.option("--local-port", type=click.IntRange(1024, 65535), help="Port of the tunnel on this machine.")
@click.option("--server", metavar="URL", help="Address of the API server, instead of a tunnel.")
def command(session: Session, asked: Options) -> int | None:
    """Add a context for a virtual cluster to your kubeconfig, or run a command in the virtual cluster.

    The context holds no key. Each program that uses it asks this command for the certificate, which is read from the
    host cluster with your rights, and for a tunnel through the API of the host cluster, which comes back by itself.

    With -- COMMAND, the command gets a kubeconfig of its own, and its exit code is returned.
    """
    vk8s = session.get(asked.name)
    check_usable(session, vk8s)
    if asked.rest:
        return run_command(session, vk8s, asked)
    port, server = asked.local_port or 0, asked.server or ""
    add_context(session, vk8s, Wish(asked.switch, asked.file or "", asked.print_, port, server))
    return None


def check_usable(session: Session, vk8s: Vk8s) -> None:
    """ProblemError where nobody would answer."""
    if vk8s.is_paused:
        raise ProblemError(f"{vk8s.name} is paused: {session.suggest('resume {name}', vk8s)}")


def run_command(session: Session, vk8s: Vk8s, asked: Options) -> int:
    """Runs a command with a kubeconfig that nobody else sees; its exit code."""
    credentials = read_credentials(session.within(vk8s), vk8s.name)
    tunnel = build_tunnel(session, vk8s)
    program = shutil.which(asked.rest[0])
    if program is None:
        raise ProblemError(f"There is no program {asked.rest[0]} on PATH.", Exit.USAGE)
    with tempfile.TemporaryDirectory() as directory, open_way(asked, tunnel) as url:
        kubeconfig = Path(directory) / "config"
        write_private(kubeconfig, credentials.with_server(url))
        environment: Mapping[str, str] = {**os.environ, "KUBECONFIG": str(kubeconfig)}
        # Ctrl-C is for the command; this one ends with it.
        with subprocess.Popen([program, *asked.rest[1:]], env=environment) as process:
            while True:
                try:
                    return process.wait()
                except KeyboardInterrupt:
                    continue


@contextmanager
def open_way(asked: Options, tunnel: Tunnel) -> Iterator[str]:
    """The address of the API server, which is reached meanwhile."""
    if asked.server:
        yield asked.server
        return
    with serve_inside(replace(tunnel, port=asked.local_port or 0)) as port:
        yield f"https://{ADDRESS}:{port}"
