"""The context of a virtual cluster: for `connect`, and for `create --connect`."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from kubectl_vk8s.credentials import read_credentials
from kubectl_vk8s.problems import Exit, ProblemError
from kubectl_vk8s.session import Session
from kubectl_vk8s.tunnel import contexts
from kubectl_vk8s.tunnel.contexts import Server, Target
from kubectl_vk8s.tunnel.credential import ensure_served
from kubectl_vk8s.tunnel.place import ADDRESS, Tunnel, choose_port, write_private
from kubectl_vk8s.vk8s import Vk8s


@dataclass(frozen=True)
class Wish:
    """How the context is wanted. `server`: its address, instead of a tunnel; `file`: where it is written."""

    is_current: bool = False
    file: str = ""
    is_printed: bool = False
    port: int = 0
    server: str = ""


def check_possible(session: Session) -> None:
    """ProblemError where no context could be added."""
    check_user(session)
    contexts.check_plugin()


def check_user(session: Session) -> None:
    """ProblemError where a tunnel would be that of another user."""
    if set(session.given) & {"as_", "as_group"}:
        raise ProblemError("A context can't be impersonated for: use --as with the command that uses it.", Exit.USAGE)


def build_tunnel(session: Session, vk8s: Vk8s) -> Tunnel:
    """The tunnel, which goes through the context that is meant now, whichever is the current one later."""
    check_user(session)
    kubeconfig = session.given.get("kubeconfig", "")
    host = session.given.get("context") or Target(kubeconfig).get_current()
    return Tunnel(vk8s.name, vk8s.namespace, host, str(Path(kubeconfig).absolute()) if kubeconfig else "")


def add_context(session: Session, vk8s: Vk8s, wish: Wish) -> None:
    """Writes the context, and makes sure that it works."""
    credentials = read_credentials(session.within(vk8s), vk8s.name)
    tunnel = build_tunnel(session, vk8s)
    contexts.check_plugin()
    name = contexts.name_context(tunnel, tunnel.context)
    with choose_target(wish) as target:
        if not wish.server:
            tunnel = replace(tunnel, port=choose_own_port(wish, tunnel))
            ensure_served(tunnel)
        url = wish.server or f"https://{ADDRESS}:{tunnel.port}"
        before = target.get_current()
        contexts.write_context(target, name, tunnel, Server(url, credentials))
        if before != name:
            write_private(tunnel.get_file("before"), before)
        if wish.is_current or wish.is_printed or wish.file:
            target.config("use-context", name)
        if wish.is_printed:
            session.screen.print(Path(target.file).read_text().rstrip())
            return
    used = "" if wish.is_current else f" --context {name}"
    file = f" --kubeconfig {wish.file}" if wish.file else used
    session.screen.say(f"{tunnel.name} is connected as context {name}:")
    session.screen.say(f"  kubectl{file} get nodes")


def choose_own_port(wish: Wish, tunnel: Tunnel) -> int:
    """The port that is asked for, that which serves now, or a free one."""
    serving = int(tunnel.read_report().get("port", 0)) if tunnel.is_served else 0
    if wish.port and wish.port != serving:
        tunnel.end()
        return wish.port
    return serving or choose_port(tunnel)


@contextmanager
def choose_target(wish: Wish) -> Iterator[Target]:
    """The kubeconfig to write: one that is printed and deleted, where it is to be printed."""
    if not wish.is_printed:
        yield Target(wish.file)
        return
    with tempfile.TemporaryDirectory() as directory:
        yield Target(str(Path(directory) / "config"))
