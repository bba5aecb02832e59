"""`create`: writes a Vk8s, and waits until it is Running."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

import click

from kubectl_vk8s import Manifest, options
from kubectl_vk8s.connecting import Wish, add_context, check_possible
from kubectl_vk8s.defaults import DEFAULT_VERSION, Defaults, read_defaults
from kubectl_vk8s.editing import edit, keep
from kubectl_vk8s.kubectl import KubectlError
from kubectl_vk8s.manifests import Access, Images, Size, Storage, build_metadata, build_nodes, build_vk8s
from kubectl_vk8s.names import API_VERSION
from kubectl_vk8s.problems import Exit, ProblemError
from kubectl_vk8s.progress import Goal, is_running, wait
from kubectl_vk8s.session import Session
from kubectl_vk8s.versions import parse_version, read_tag, replace_version
from kubectl_vk8s.vk8s import Vk8s

DRY_RUN = ("create", "--dry-run=client", "--output=yaml")
_PORTS = click.IntRange(1, 65535)


@dataclass(frozen=True)
class Options:
    """What `create` is asked for."""

    name: str | None
    file: str | None
    version: str | None
    registry: str | None
    image: str | None
    workers: int
    cpu: str
    memory: str
    storage: str
    storage_class: str
    ephemeral: bool
    ssh: bool
    ssh_port: int | None
    ssh_key: Sequence[IO[str]]
    port: Sequence[int]
    label: Sequence[str]
    edit: bool
    connect: bool
    dry_run: bool
    wait: bool
    timeout: float
    output: str


@options.command(Options, name="create")
@options.name_argument()
@click.option("-f", "--file", metavar="FILE", help="Create the Vk8s in this file, as it is; - for standard input.")
@click.option(
    "--version", metavar="V", help=f"Kubernetes version, the tag of the node image.  [default: {DEFAULT_VERSION}]"
)
@click.option("--registry", metavar="HOST", help="Where the images are: HOST/vk8s/kink:V.")
@click.option("--image", metavar="IMAGE", help="Node image, instead of --registry and --version.")
@click.option("--workers", type=click.IntRange(0, 99), default=1, show_default=True, help="Number of workers.")
@click.option("--cpu", default="", metavar="N", help="CPU of each node, such as 2 or 500m.")
@click.option("--memory", default="", metavar="N", help="Memory of each node, such as 4Gi.")
@click.option("--storage", default="", metavar="SIZE", help="Size of each node's volume.")
@click.option("--storage-class", default="", metavar="NAME", help="StorageClass of the volumes.")
@click.option("--ephemeral", is_flag=True, help="No volumes: the state is lost with the pods.")
@click.option("--ssh", is_flag=True, help="Add the access pod.")
@click.option("--ssh-port", type=click.IntRange(30000, 32767), help="Its port on the host cluster's nodes.")
@click.option("--ssh-key", type=click.File(), multiple=True, help="Public key that can connect; can be repeated.")
@click.option("--port", type=_PORTS, multiple=True, help="Port to open to the outside; can be repeated.")
@click.option("--label", metavar="KEY=VALUE", multiple=True, help="Label of the Vk8s; can be repeated.")
@click.option("--edit", is_flag=True, help="Open it in your editor first; what you save is created.")
@click.option("--connect", is_flag=True, help="Once it is Running, add a context for it, as `connect` does.")
@click.option("--dry-run", is_flag=True, help="Print the Vk8s as YAML, and create nothing.")
@options.wait_options
@options.output_option("json")
def command(session: Session, asked: Options) -> int | None:
    """Create a virtual cluster and wait until it is Running.

    Where nothing says where the images are, it is read from ConfigMap vk8s-defaults in namespace vk8s-system, which the
    installation or an administrator writes: keys registry and version.
    """
    check_usage(session, asked)
    source = read_source(session, asked)
    if asked.edit:
        shown = session.kubectl.run(*DRY_RUN, f"--filename={source.file}", stdin=source.text)
        source = Source("-", edit(shown))
    if asked.dry_run:
        session.screen.print(session.kubectl.run(*DRY_RUN, f"--filename={source.file}", stdin=source.text).rstrip())
        return None
    codes = [finish(session, vk8s, asked) for vk8s in read_created(create(session, source, asked))]
    return max(codes)


def check_usage(session: Session, asked: Options) -> None:
    """ProblemError where options don't go together, before anything is created."""
    if (asked.name is None) == (asked.file is None):
        raise ProblemError("Write the name of the new virtual cluster, or -f FILE.", Exit.USAGE)
    if asked.edit and asked.file == "-":
        raise ProblemError("--edit needs the standard input for your editor: write -f FILE.", Exit.USAGE)
    if asked.connect:
        if asked.dry_run or not asked.wait:
            raise ProblemError("--connect waits until the virtual cluster is Running.", Exit.USAGE)
        check_possible(session)


@dataclass(frozen=True)
class Source:
    """What kubectl reads: a file, or with - a text from its standard input."""

    file: str
    text: str = ""


def read_source(session: Session, asked: Options) -> Source:
    """The file that is named, or a Vk8s as it is asked for."""
    if asked.file:
        return Source(asked.file, sys.stdin.read() if asked.file == "-" else "")
    return Source("-", json.dumps(build(session, asked)))


def create(session: Session, source: Source, asked: Options) -> str:
    """What kubectl prints of the objects that it has created. What somebody has edited is not lost if it can't."""
    try:
        return session.kubectl.run("create", f"--filename={source.file}", "--output=json", stdin=source.text)
    except KubectlError as error:
        if not asked.edit:
            raise
        again = f"{session.program} create --edit -f {keep(source.text)}"
        raise ProblemError(f"{error}\nWhat you have written is kept: {again}", error.code) from error


def build(session: Session, asked: Options) -> Manifest:
    """The Vk8s that is asked for."""
    namespace, _, name = str(asked.name).rpartition("/")
    images = choose_images(session, asked)
    access = Access(asked.ssh, asked.ssh_port, [file.read().strip() for file in asked.ssh_key])
    storage = Storage(asked.storage, asked.storage_class, asked.ephemeral).fields
    ports = [{"name": f"port-{port}", "port": port, "targetPort": port} for port in asked.port]
    wrong = [label for label in asked.label if "=" not in label]
    if wrong:
        raise ProblemError(f"--label {wrong[0]}: write KEY=VALUE.", Exit.USAGE)
    spec = {
        "nodes": build_nodes(name, asked.workers, images, Size(asked.cpu, asked.memory)),
        **({"storage": storage} if storage else {}),
        **access.build_fields(images.access),
        **({"ports": ports} if ports else {}),
    }
    return build_vk8s(build_metadata(name, namespace or session.namespace, asked.label), spec)


def choose_images(session: Session, asked: Options) -> Images:
    """The images that are asked for; where nothing is said, those of the administrator's defaults."""
    if asked.version and not parse_version(asked.version):
        raise ProblemError(f"--version {asked.version}: write a version such as {DEFAULT_VERSION}.", Exit.USAGE)
    if asked.image:
        node = replace_version(asked.image, asked.version) if asked.version else asked.image
        registry, found, _ = node.rpartition("/kink")
        plain = "v{}.{}.{}".format(*(parse_version(read_tag(node)) or parse_version(DEFAULT_VERSION) or ()))
        return Images(node, f"{registry}/access:{plain}" if found else "")
    defaults = read_defaults(session.kubectl)
    wanted = Defaults(asked.registry or defaults.registry, asked.version or defaults.version)
    if not wanted.registry:
        raise ProblemError(
            "Where are the images? Write --registry, for instance --registry registry.example.com, or --image. An "
            f"administrator can set a default for everybody: {session.program} create --help.",
            Exit.USAGE,
        )
    return Images(wanted.node_image, wanted.access_image)


def read_created(text: str) -> list[Vk8s]:
    """The Vk8s among the objects that kubectl has created, which it prints one after the other."""
    decoder, rest = json.JSONDecoder(), text.strip()
    objects: list[Manifest] = []
    while rest:
        found, end = decoder.raw_decode(rest)
        objects += found["items"] if found["kind"] == "List" else [found]
        rest = rest[end:].lstrip()
    vk8s = [Vk8s(each) for each in objects if each["apiVersion"] == API_VERSION and each["kind"] == "Vk8s"]
    if not vk8s:
        raise ProblemError("There is no Vk8s among what was created.")
    return vk8s


def finish(session: Session, vk8s: Vk8s, asked: Options) -> int:
    """Says what has been created, and waits for it; the exit code."""
    workers = len(vk8s.workers)
    nodes = f"a control-plane node and {workers} worker{'' if workers == 1 else 's'}" if workers else "one node"
    version = f"Kubernetes {vk8s.version}, " if vk8s.version else ""
    session.screen.say(f"{vk8s.name}: {version}{nodes}, in namespace {vk8s.namespace}")
    if not asked.wait:
        session.screen.say(f"{session.suggest('status {name}', vk8s)} shows how far it is.")
        return Exit.DONE
    code = wait(session, vk8s, Goal("is Running", is_running, asked.timeout, asked.output))
    if code == Exit.DONE:
        if asked.connect:
            add_context(session, vk8s, Wish())
            return code
        session.screen.say(f"\n  {session.suggest('connect {name} -- kubectl get nodes', vk8s)}")
        session.screen.say(f"  {session.suggest('connect {name} --switch', vk8s)}")
    return code
