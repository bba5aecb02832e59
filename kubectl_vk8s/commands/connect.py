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
from kubectl_vk8s.credentials import Credentials, read_credentials
from kubectl_vk8s.problems import Exit, ProblemError
from kubectl_vk8s.session import Session
from kubectl_vk8s.tunnel import contexts
from kubectl_vk8s.tunnel.contexts import Server, Target
from kubectl_vk8s.tunnel.credential import ensure_served
from kubectl_vk8s.tunnel.inside import serve_inside
from kubectl_vk8s.tunnel.place import ADDRESS, Tunnel, choose_port, write_private
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
    credentials = read_credentials(session.within(vk8s), vk8s.name)
    tunnel = build_tunnel(session, vk8s)
    if asked.rest:
        return run_command(asked, credentials, tunnel)
    contexts.check_plugin()
    add_context(session, asked, credentials, tunnel)
    return None


def check_usable(session: Session, vk8s: Vk8s) -> None:
    """ProblemError where nobody would answer."""
    if vk8s.is_paused:
        raise ProblemError(f"{vk8s.name} is paused: {session.suggest('resume {name}', vk8s)}")


def build_tunnel(session: Session, vk8s: Vk8s) -> Tunnel:
    """The tunnel, which goes through the context that is meant now, whichever is the current one later."""
    if set(session.given) & {"as_", "as_group"}:
        raise ProblemError("A context can't be impersonated for: use --as with the command that uses it.", Exit.USAGE)
    kubeconfig = session.given.get("kubeconfig", "")
    host = session.given.get("context") or Target(kubeconfig).get_current()
    return Tunnel(vk8s.name, vk8s.namespace, host, str(Path(kubeconfig).absolute()) if kubeconfig else "")


def run_command(asked: Options, credentials: Credentials, tunnel: Tunnel) -> int:
    """Runs a command with a kubeconfig that nobody else sees; its exit code."""
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


def add_context(session: Session, asked: Options, credentials: Credentials, tunnel: Tunnel) -> None:
    """Writes the context, and makes sure that it works."""
    name = contexts.name_context(tunnel, tunnel.context)
    with choose_target(asked) as target:
        if not asked.server:
            tunnel = replace(tunnel, port=choose_own_port(asked, tunnel))
            ensure_served(tunnel)
        url = asked.server or f"https://{ADDRESS}:{tunnel.port}"
        before = target.get_current()
        contexts.write_context(target, name, tunnel, Server(url, credentials))
        if before != name:
            write_private(tunnel.get_file("before"), before)
        if asked.switch or asked.print_ or asked.file:
            target.config("use-context", name)
        if asked.print_:
            session.screen.print(Path(target.file).read_text().rstrip())
            return
    used = "" if asked.switch else f" --context {name}"
    file = f" --kubeconfig {asked.file}" if asked.file else used
    session.screen.say(f"{tunnel.name} is connected as context {name}:")
    session.screen.say(f"  kubectl{file} get nodes")


def choose_own_port(asked: Options, tunnel: Tunnel) -> int:
    """The port that is asked for, that which serves now, or a free one."""
    serving = int(tunnel.read_report().get("port", 0)) if tunnel.is_served else 0
    if asked.local_port and asked.local_port != serving:
        tunnel.end()
        return asked.local_port
    return serving or choose_port(tunnel)


@contextmanager
def choose_target(asked: Options) -> Iterator[Target]:
    """The kubeconfig to write: with --print, one that is printed and deleted."""
    if not asked.print_:
        yield Target(asked.file or "")
        return
    with tempfile.TemporaryDirectory() as directory:
        yield Target(str(Path(directory) / "config"))
