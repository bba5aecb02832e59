"""A host cluster with a node, for one measurement: what is applied to it really boots."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hooks.kubernetes.manifest import Manifest
from testbed import host_cluster
from testbed.bring_up import bring_up
from testbed.layout import BENCH
from tests.nested.host import Host, build_testbed_host
from tests.nested.virtual import VirtualCluster


@contextmanager
def start_nodes() -> Iterator[Host]:
    """A new one, with the controller; nothing is left of it afterwards."""
    host_cluster.remove(BENCH)
    try:
        yield build_testbed_host(bring_up(BENCH))
    finally:
        host_cluster.remove(BENCH)


def build_virtual(host: Host, manifest: Manifest) -> VirtualCluster:
    """The virtual cluster of a manifest, not applied yet."""
    return VirtualCluster(host, manifest, Path(tempfile.mkdtemp(dir=BENCH.state)))
