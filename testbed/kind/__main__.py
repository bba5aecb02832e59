"""`make kind-up` and `make kind-down`: a kind cluster of three nodes with the product in it, on any machine."""

import argparse
import sys
import time
from pathlib import Path

from testbed import kernel, preflight
from testbed.builds import build_binaries, build_pause_image
from testbed.kind import builds, cluster, daemon, docker, product
from testbed.kind.builds import Built
from testbed.kind.cluster import Cluster
from testbed.kind.docker import Docker, DockerError
from testbed.layout import KIND

LEFTOVERS = KIND.state / "leftovers.json"
_started = time.monotonic()


def main(arguments: list[str]) -> int:
    """Runs the command line; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m testbed.kind", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for run in (build, up, bare, down, env):
        commands.add_parser(run.__name__, help=run.__doc__).set_defaults(run=run)
    try:
        code: int = parser.parse_args(arguments).run()
    except (DockerError, RuntimeError) as error:
        _say(str(error))
        return 1
    return code


def build() -> int:
    """Builds what a cluster needs, so that the next one starts at once."""
    builds.build_all()
    return 0


def up() -> int:
    """Brings up the cluster and installs the product; run it again after a change."""
    built = _bring_up()
    if not built:
        return 1
    _say("Controller: ./install.sh")
    product.install()
    _say("The kind cluster is ready: `make test-e2e CLUSTER=kind`. `make kind-down` removes it. For kubectl:")
    print(_describe_environment(built.binaries))
    return 0


def bare() -> int:
    """Brings up the cluster with all images, and installs nothing in it."""
    return 0 if _bring_up() else 1


def _bring_up() -> Built | None:
    """The cluster that is there, or a new one, with the images as they are now; None if the machine can't have one."""
    problems = preflight.list_problems()
    if problems:
        _say("A kind cluster can't run on this machine:", *problems)
        return None
    _say("Builds: binaries and images; the first time this takes a quarter of an hour.")
    built = builds.build_all()
    found = Cluster(choose_docker(), built.kind)
    if not found.exists():
        _create(found, built)
    _say("Nodes: importing the images of the controller.")
    found.import_images(built.controller)
    return built


def down() -> int:
    """Removes the cluster, and all that came with it."""
    users = Docker()
    if not daemon.is_running() and users.succeeds("info"):
        Cluster(users, builds.build_kind()).delete()
        docker.Leftovers(users, LEFTOVERS).remove()
    daemon.remove()
    _say("The kind cluster is gone. What was built is kept for the next one.")
    return 0


def env() -> int:
    """Prints what points a shell's kubectl at it: eval "$(make -s kind-env)"."""
    print(_describe_environment(build_binaries()))
    return 0


def choose_docker() -> Docker:
    """Our own daemon where it runs already, else the user's, else our own, started."""
    users = None if daemon.is_running() else docker.find_users(build_pause_image())
    if users:
        _say("Docker: the one that runs on this machine.")
        kernel.prepare(KIND)
        return users
    _say("Docker: one of our own, in a network of its own.")
    if not daemon.is_running():
        # Of a cluster that ended with the machine.
        daemon.remove()
    return daemon.start()


def _create(new: Cluster, built: Built) -> None:
    """With kind's own node image where the user's Docker can pull it, else with ours."""
    default = built.default_node_image
    if new.docker == Docker():
        docker.Leftovers(new.docker, LEFTOVERS).remember(default, built.node_image_name)
        if new.docker.succeeds("pull", default):
            _say(f"kind create cluster, with {default}")
            new.create(cluster.build_config(default, None, None))
            _say("Nodes: importing the images of virtual clusters.")
            new.import_images(built.nodes, cluster.NODES)
            return
    _say("Docker: loading the node image.")
    new.docker.load(built.node_image)
    _say(f"kind create cluster, with {built.node_image_name}")
    new.create(cluster.build_config(built.node_image_name, built.store, new.docker.address))


def _describe_environment(binaries: Path) -> str:
    return f"export PATH={binaries}:$PATH KUBECONFIG={KIND.kubeconfig}"


def _say(*lines: str) -> None:
    print(f"{time.monotonic() - _started:6.1f} s  " + "\n          ".join(lines), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
