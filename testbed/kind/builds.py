"""What has to be built before a kind cluster can start; cached, as all builds."""

import hashlib
import json
import os
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from testbed import builds
from testbed.layout import ROOT
from testbed.vm import store

CACHE = Path(os.environ.get("VK8S_CACHE") or Path.home() / ".cache" / "vk8s")
_STORE = ROOT / "images" / "kink" / "store.sh"


@dataclass(frozen=True)
class Built:
    """Where everything is.

    `controller`: archives of what changes with each commit. `nodes`: those of virtual clusters, which the `store` has,
    too. `default_node_image`: what kind itself takes, from a registry.
    """

    binaries: Path
    kind: Path
    default_node_image: str
    node_image: Path
    node_image_name: str
    store: Path
    controller: tuple[Path, ...]
    nodes: tuple[Path, ...]


def build_all() -> Built:
    """Builds what is missing, or finds it in the cache."""
    binaries, kind = builds.build_binaries(), build_kind()
    nodes = (builds.build_node_image(), builds.build_access_image())
    node_image = builds.run_build("kind-node/build.sh")
    return Built(
        binaries=binaries,
        kind=kind,
        default_node_image=kind.with_name("default-node-image").read_text().strip(),
        node_image=node_image,
        node_image_name=read_name(node_image),
        store=_build_store(binaries, nodes),
        controller=(builds.build_controller_image(), builds.build_metacontroller_image()),
        nodes=nodes,
    )


def build_kind() -> Path:
    """The program kind; minutes the first time."""
    return builds.run_build("kind-node/programs.sh") / "kind"


def read_name(archive: Path) -> str:
    """What the image in a docker archive is called."""
    with tarfile.open(archive) as files:
        manifest = files.extractfile("manifest.json")
        assert manifest  # noqa: S101 - a file, as the format has it
        (image,) = json.load(manifest)
    return str(image["RepoTags"][0])


def _build_store(binaries: Path, archives: tuple[Path, ...]) -> Path:
    """A directory with the image store of a containerd that has the images of a control plane, and those archives.

    All nodes link it into their own: nothing is loaded, and they share one copy on disk and in memory.
    """
    layer = builds.build_debian_layer("kind-node")
    names = [path.name for path in (binaries, layer, *archives)]
    scripts = [path.read_text() for path in (_STORE, Path(store.__file__))]
    identity = hashlib.sha256("\n".join([*names, *scripts]).encode()).hexdigest()[:16]
    out = CACHE / f"kind-store-{identity}"
    if not out.exists():
        print("Filling the image store of the kind nodes; this takes half a minute.", flush=True)
        with TemporaryDirectory(dir=CACHE) as directory:
            work = Path(directory)
            _fill_store(work, binaries, layer)
            store.fill(work / "store", archives, work)
            (work / "store" / "id").write_text(f"{identity}\n")
            (work / "store").rename(out)
    return out


def _fill_store(work: Path, binaries: Path, layer: Path) -> None:
    """The images of a control plane; nft in that of kube-proxy comes from the Debian layer."""
    (work / "rootfs").mkdir()
    subprocess.run(["tar", "--extract", "--file", layer, "--directory", work / "rootfs"], check=True)
    subprocess.run(["bash", _STORE, binaries, work / "rootfs", work / "store"], check=True, capture_output=True)
