"""A whole testbed: what is missing is built, what does not run is started."""

from collections.abc import Callable
from pathlib import Path

from testbed import builds, controller
from testbed.host_cluster import HostCluster
from testbed.layout import Testbed

Say = Callable[[str], None]


def build_all(say: Say) -> tuple[Path, list[Path]]:
    """Builds all that a testbed needs; the directory of the binaries, and the archives of the images."""
    say("Builds: binaries and images; the first time this takes a quarter of an hour.")
    return builds.build_binaries(), [builds.build_pause_image(), builds.build_access_image(), builds.build_node_image()]


def bring_up(testbed: Testbed, say: Say = lambda _line: None) -> HostCluster:
    """A host cluster with a node, all images and the controller, which is restarted; `say` is called at each step."""
    binaries, archives = build_all(say)
    host = HostCluster(testbed, binaries)
    say("Host cluster: starting the control plane.")
    host.start_control_plane()
    say("Host cluster: starting the node.")
    host.start_node()
    say("Host cluster: importing the images.")
    for archive in archives:
        host.import_image(archive)
    say("Controller: starting the hooks and Metacontroller.")
    controller.start(host)
    return host
