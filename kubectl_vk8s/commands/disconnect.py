"""`disconnect`: removes what `connect` has added."""

from dataclasses import dataclass

import click

from kubectl_vk8s import options
from kubectl_vk8s.problems import Exit, ProblemError
from kubectl_vk8s.session import Session
from kubectl_vk8s.tunnel import contexts
from kubectl_vk8s.tunnel.contexts import Target
from kubectl_vk8s.tunnel.place import parse_tunnel


@dataclass(frozen=True)
class Options:
    """What `disconnect` is asked for."""

    name: str | None
    all_: bool
    file: str | None


@options.command(Options, name="disconnect")
@options.name_argument()
@click.option("--all", "all_", is_flag=True, help="All contexts that connect has added.")
@click.option("--file", metavar="FILE", help="The kubeconfig that has the context.")
def command(session: Session, asked: Options) -> int | None:
    """Remove a context that connect has added, and end its tunnel."""
    target = Target(asked.file or "")
    found = [context for context in target.list_own() if asked.all_ or is_meant(context, asked, session)]
    if not found and not asked.all_:
        raise ProblemError("There is no such context: `kubectl config get-contexts` lists them.", Exit.NOT_FOUND)
    if len(found) > 1 and not asked.all_:
        raise ProblemError(f"Several contexts fit; write NAMESPACE/NAME, or --context: {', '.join(found)}.", Exit.USAGE)
    for context in found:
        disconnect(target, context)
        session.screen.say(f"Context {context} has been removed.")
    return None


def is_meant(context: str, asked: Options, session: Session) -> bool:
    """Whether the context is of the virtual cluster that is named; without a name, any."""
    namespace, _, name = (asked.name or "").rpartition("/")
    wanted_namespace = namespace or session.namespace
    found = Target(asked.file or "").find_tunnel(context) or {}
    host = session.given.get("context")
    return (
        (not name or found.get("name") == name)
        and (not wanted_namespace or found.get("namespace") == wanted_namespace)
        and (not host or found.get("context") == host)
    )


def disconnect(target: Target, context: str) -> None:
    """Ends the tunnel of a context, and removes the context."""
    given = target.find_tunnel(context)
    before = ""
    if given:
        tunnel = parse_tunnel([f"--{name}={value}" for name, value in given.items()])
        tunnel.end()
        file = tunnel.get_file("before")
        before = file.read_text() if file.exists() else ""
        file.unlink(missing_ok=True)
    contexts.remove_context(target, context, before)
