"""`version`: of this program, and of what is installed in the host cluster."""

from dataclasses import dataclass

import click

from kubectl_vk8s import VERSION, options
from kubectl_vk8s.kubectl import KubectlError
from kubectl_vk8s.problems import Exit
from kubectl_vk8s.session import Session
from kubectl_vk8s.system import HOOKS, METACONTROLLER, read_program, read_server_version


@dataclass(frozen=True)
class Options:
    """What `version` is asked for."""

    client: bool
    output: str


@options.command(Options, name="version")
@click.option("--client", is_flag=True, help="Only of this program; asks nobody.")
@options.output_option("json")
def command(session: Session, asked: Options) -> int | None:
    """Show the versions of this program, of the hooks and of the host cluster."""
    versions = {"kubectl vk8s": VERSION, **({} if asked.client else read_versions(session))}
    if asked.output == "json":
        session.screen.print_json(versions)
    else:
        for name, version in versions.items():
            session.screen.print(f"{name + ':':16}{version}")
    hooks = versions.get("hooks", "")
    if hooks[:1].isdigit() and hooks != VERSION:
        session.screen.say(f"This program is of version {VERSION}, and the hooks are of {hooks}: use the same.")
    return Exit.DONE


def read_versions(session: Session) -> dict[str, str]:
    """Those of the host cluster, or why they are not known."""
    hooks, metacontroller = (read_program(session.kubectl, name) for name in (HOOKS, METACONTROLLER))
    try:
        server = read_server_version(session.kubectl)
    except KubectlError as error:
        server = str(error)
    return {
        "hooks": hooks.version or hooks.problem,
        "Metacontroller": metacontroller.version or metacontroller.problem,
        "host cluster": server,
    }
