"""`ssh`: a shell in the access pod of a virtual cluster."""

import subprocess
import sys
import tempfile
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from kubectl_vk8s import options
from kubectl_vk8s.names import SSH_HOST_KEY, SSH_KEY, ssh_secret_name
from kubectl_vk8s.objects import choose_access_pod, read_objects
from kubectl_vk8s.problems import ProblemError
from kubectl_vk8s.session import Session
from kubectl_vk8s.tunnel.place import write_private
from kubectl_vk8s.vk8s import Vk8s


@dataclass(frozen=True)
class Options:
    """What `ssh` is asked for."""

    name: str | None
    identity: str | None
    address: str | None
    rest: Sequence[str]


@options.command(Options, name="ssh")
@options.name_argument()
@click.option("-i", "--identity", metavar="FILE", help="Your private key; without it, that of the Secret.")
@click.option("--address", metavar="HOST", help="A node of the host cluster; without it, the one of a pod.")
def command(session: Session, asked: Options) -> int | None:
    """Open a shell in the access pod, or run a command there.

    Without accessPodPort, the shell is opened by `kubectl exec`.
    """
    vk8s = session.get(asked.name)
    if not vk8s.spec.get("accessPodImage"):
        raise ProblemError(
            f"{vk8s.name} has no access pod: write spec.accessPodImage, or use it from here: "
            + session.suggest("connect {name} -- COMMAND", vk8s)
        )
    port = (vk8s.status.get("endpoints") or {}).get("ssh")
    if not port:
        session.screen.say(f"{vk8s.name} has no accessPodPort: this shell comes by `kubectl exec`.")
        return run_exec(session, vk8s, asked.rest)
    address = asked.address or read_objects(session.within(vk8s), vk8s).host_address
    if not address:
        raise ProblemError("No address of a node of the host cluster is known: write --address.")
    return run_ssh(session, vk8s, asked, (address, str(port)))


def run_exec(session: Session, vk8s: Vk8s, rest: Sequence[str]) -> int:
    """Runs a command in the access pod by the API of the host cluster; its exit code."""
    terminal = ["--stdin", "--tty"] if sys.stdin.isatty() else ["--stdin"]
    command = rest or ("bash", "--login")
    kubectl = session.within(vk8s)
    pod = choose_access_pod(vk8s, read_objects(kubectl, vk8s).pods)
    return kubectl.call("exec", *terminal, pod, "--", *command)


def run_ssh(session: Session, vk8s: Vk8s, asked: Options, place: tuple[str, str]) -> int:
    """Runs ssh, which knows the host by the key in the Secret; its exit code."""
    address, port = place
    secret = session.within(vk8s).get("secret", ssh_secret_name(vk8s.name))["data"]
    with tempfile.TemporaryDirectory() as directory:
        known_hosts = Path(directory) / "known_hosts"
        known_hosts.write_text(f"[{address}]:{port} {b64decode(secret[SSH_HOST_KEY]).decode()}")
        identity = choose_identity(vk8s, asked, secret, Path(directory))
        options_ = [f"-oUserKnownHostsFile={known_hosts}", "-oStrictHostKeyChecking=yes", *identity]
        try:
            return subprocess.run(
                ["ssh", "-p", port, *options_, f"root@{address}", *asked.rest], check=False
            ).returncode
        except FileNotFoundError as error:
            raise ProblemError("There is no ssh on PATH.") from error


def choose_identity(vk8s: Vk8s, asked: Options, secret: Mapping[str, str], directory: Path) -> list[str]:
    """Options for the key: the user's own where the spec names keys, else that of the Secret."""
    if asked.identity:
        return ["-i", asked.identity]
    if (vk8s.spec.get("access") or {}).get("authorizedKeys"):
        return []
    key = directory / "key"
    write_private(key, b64decode(secret[SSH_KEY]).decode())
    return ["-i", str(key), "-oIdentitiesOnly=yes"]
