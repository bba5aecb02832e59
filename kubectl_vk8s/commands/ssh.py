"""`ssh`: a shell in the access pod of a virtual cluster."""

import shlex
import subprocess
import sys
import tempfile
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from kubectl_vk8s import options
from kubectl_vk8s.names import SSH_HOST_KEY, SSH_KEY, ssh_secret_name
from kubectl_vk8s.objects import choose_access_pod, read_objects
from kubectl_vk8s.problems import Exit, ProblemError
from kubectl_vk8s.session import Session
from kubectl_vk8s.tunnel.place import get_directory, write_private
from kubectl_vk8s.vk8s import Vk8s


@dataclass(frozen=True)
class Options:
    """What `ssh` is asked for."""

    name: str | None
    identity: str | None
    address: str | None
    print_: bool
    rest: Sequence[str]


@options.command(Options, name="ssh")
@options.name_argument()
@click.option("-i", "--identity", metavar="FILE", help="Your private key; without it, that of the Secret.")
@click.option("--address", metavar="HOST", help="A node of the host cluster; without it, the one of a pod.")
@click.option("--print", "print_", is_flag=True, help="Print the command instead, and leave its keys in files.")
def command(session: Session, asked: Options) -> int | None:
    """Open a shell in the access pod, or run a command there.

    Without accessPodPort, the shell is opened by `kubectl exec`. --print is for scp, rsync and editors: their keys stay
    in a directory that only you can read.
    """
    vk8s = session.get(asked.name)
    if not vk8s.spec.get("accessPodImage"):
        raise ProblemError(
            f"{vk8s.name} has no access pod: write spec.accessPodImage, or use it from here: "
            + session.suggest("connect {name} -- COMMAND", vk8s)
        )
    port = (vk8s.status.get("endpoints") or {}).get("ssh")
    if not port:
        return run_exec(session, vk8s, asked)
    address = asked.address or read_objects(session.within(vk8s), vk8s).host_address
    if not address:
        raise ProblemError("No address of a node of the host cluster is known: write --address.")
    with choose_directory(vk8s, asked) as directory:
        return run_ssh(session, asked, build_ssh(session, vk8s, asked, Place(address, str(port), directory)))


@dataclass(frozen=True)
class Place:
    """Where ssh connects to, and the directory with the keys by which both ends know each other."""

    address: str
    port: str
    directory: Path


def run_exec(session: Session, vk8s: Vk8s, asked: Options) -> int:
    """Runs a command in the access pod by the API of the host cluster, or prints how; its exit code."""
    kubectl, has_terminal = session.within(vk8s), sys.stdin.isatty() or (asked.print_ and not asked.rest)
    pod = choose_access_pod(vk8s, read_objects(kubectl, vk8s).pods)
    terminal = ["--stdin", "--tty"] if has_terminal else ["--stdin"]
    arguments = ["exec", *terminal, pod, "--", *(asked.rest or ("bash", "--login"))]
    session.screen.say(f"{vk8s.name} has no accessPodPort: this shell comes by `kubectl exec`.")
    if asked.print_:
        session.screen.print(shlex.join(kubectl.build_command(*arguments)))
        return Exit.DONE
    return kubectl.call(*arguments)


@contextmanager
def choose_directory(vk8s: Vk8s, asked: Options) -> Iterator[Path]:
    """A directory that is deleted afterwards; with --print, one that stays, and that nobody else can read."""
    if not asked.print_:
        with tempfile.TemporaryDirectory() as directory:
            yield Path(directory)
        return
    lasting = get_directory() / f"ssh-{vk8s.manifest['metadata']['uid']}"
    lasting.mkdir(mode=0o700, exist_ok=True)
    yield lasting


def build_ssh(session: Session, vk8s: Vk8s, asked: Options, place: Place) -> list[str]:
    """The command line of an ssh that knows the host by the key in the Secret."""
    secret = session.within(vk8s).get("secret", ssh_secret_name(vk8s.name))["data"]
    known_hosts = place.directory / "known_hosts"
    host_key = b64decode(secret[SSH_HOST_KEY]).decode()
    write_private(known_hosts, f"[{place.address}]:{place.port} {host_key}")
    identity = choose_identity(vk8s, asked, secret, place.directory)
    host = [f"-oUserKnownHostsFile={known_hosts}", "-oStrictHostKeyChecking=yes"]
    return ["ssh", "-p", place.port, *host, *identity, f"root@{place.address}", *asked.rest]


def run_ssh(session: Session, asked: Options, command: Sequence[str]) -> int:
    """Runs ssh, or prints how; its exit code."""
    if asked.print_:
        session.screen.print(shlex.join(command))
        return Exit.DONE
    try:
        return subprocess.run(command, check=False).returncode
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
