"""`snapshots`: lists the snapshots of a virtual cluster, whether or not it still exists."""

from dataclasses import asdict, dataclass

import click

from kubectl_vk8s import options
from kubectl_vk8s.kubectl import NOT_FOUND, KubectlError
from kubectl_vk8s.listing import Listing, choose_image, list_snapshots
from kubectl_vk8s.restoring import Place, choose_known, read_place
from kubectl_vk8s.session import Session
from kubectl_vk8s.stores import StoreOptions, build_store, check_store, describe_store, store_options
from kubectl_vk8s.vk8s import Vk8s

_MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Options(StoreOptions):
    """What `snapshots` is asked for."""

    name: str | None
    image: str | None
    timeout: float
    output: str


@options.command(Options, name="snapshots")
@options.name_argument()
@store_options
@click.option(
    "--image", metavar="IMAGE", help="The image for backups; without it, that of the Vk8s or of the defaults."
)
@click.option("--timeout", type=options.Duration(), default="2m", show_default=True, help="How long it may take.")
@options.output_option("json")
def command(session: Session, asked: Options) -> int | None:
    """List the snapshots of a virtual cluster, the newest first.

    A pod lists them, with the keys that the host cluster has, and is deleted again: you need the right to create pods.
    The Vk8s need not exist any more: then options say where its snapshots are. With -n, the claim and the Secrets are
    those of another namespace than the one of the Vk8s.
    """
    vk8s = find_vk8s(session, asked.name)
    source = Place(vk8s.namespace, vk8s.name) if vk8s else read_place(session, str(asked.name))
    store = build_store(asked, choose_known(vk8s) if vk8s else {})
    kubectl = session.kubectl.within(session.namespace or source.namespace)
    check_store(kubectl, store)
    listing = Listing(source, store, asked.image or choose_image(session.kubectl, source))
    found = list_snapshots(kubectl, listing, asked.timeout)
    if asked.output == "json":
        session.screen.print_json([asdict(each) for each in found])
        return None
    if not found:
        session.screen.say(f"There is no snapshot of {source} in {describe_store(store)}.")
        return None
    rows = [[each.name, each.time, "" if each.size is None else f"{each.size / _MIB:.1f} MiB"] for each in found]
    session.screen.print_table(("SNAPSHOT", "TAKEN", "SIZE"), rows)
    return None


def find_vk8s(session: Session, name: str | None) -> Vk8s | None:
    """The Vk8s that is meant; None if one is named that does not exist any more."""
    try:
        return session.get(name)
    except KubectlError as error:
        if error.reason != NOT_FOUND:
            raise
    return None
