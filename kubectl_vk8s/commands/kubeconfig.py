"""`kubeconfig`: the kubeconfig of a virtual cluster, for a Secret or for CI."""

from dataclasses import dataclass

import click

from kubectl_vk8s import options
from kubectl_vk8s.credentials import read_credentials
from kubectl_vk8s.session import Session


@dataclass(frozen=True)
class Options:
    """What `kubeconfig` is asked for."""

    name: str | None
    server: str | None


@options.command(Options, name="kubeconfig")
@options.name_argument()
@click.option("--server", metavar="URL", help="Address of the API server, where it is reached from elsewhere.")
def command(session: Session, asked: Options) -> int | None:
    """Print the administrator's kubeconfig of a virtual cluster.

    Its server is the Service in the host cluster, which all pods of the namespace reach. Anyone who has this text is
    administrator of the virtual cluster: `connect` writes a context without keys.
    """
    vk8s = session.get(asked.name)
    credentials = read_credentials(session.within(vk8s), vk8s.name)
    session.screen.print(credentials.with_server(asked.server).rstrip() if asked.server else credentials.text.rstrip())
    return None
