"""The testbed of the soak test, the virtual cluster in it, and how each part of it is restarted."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from hooks.kubernetes.manifest import Manifest
from testbed import controller
from testbed.bring_up import bring_up
from testbed.host_cluster import HostCluster
from testbed.kubectl import Kubectl
from testbed.layout import CHAOS, HOST_NODE
from testbed.waiting import wait_for
from tests.nested.host import build_testbed_host, read_example
from tests.nested.virtual import VirtualCluster, list_ready_nodes
from tests.soak.writers import ApiTarget, FileTarget, Writer, ask_port, build_writer, name_writer

NAME = "soak"
# Of the host cluster, and of the virtual one: a writer's each.
FIRST_PORT = 30100
# Until the workload answers for the first time.
SECONDS = 180
# A container that ended several times is started again after up to five minutes, by the kubelet's own rule; then a
# control-plane node boots on two cores that others use, too.
RECOVERY_SECONDS = 420
FILE_PAUSE, API_PAUSE = 0.25, 1.0


@dataclass(frozen=True)
class World:
    """The host cluster and its virtual cluster. `inside`: `kubectl` for the latter."""

    host: HostCluster
    virtual: VirtualCluster
    inside: Kubectl

    @property
    def nodes(self) -> Sequence[str]:
        """Names of the nodes, the control-plane node first."""
        return self.virtual.nodes

    def restart(self, program: str) -> None:
        """Starts a program of the testbed again, and whatever else of the host's node does not run."""
        if program == controller.HOOKS:
            controller.start_hooks(self.host)
        elif program == controller.METACONTROLLER:
            controller.start_metacontroller(self.host)
        else:
            self.host.start_node()

    def wait_until_well(self) -> None:
        """Returns when each kubelet works, each node is a Ready Node, and status says Running. Raises TimeoutError."""
        since, explain = datetime.now(UTC), self.virtual.describe
        # Ready is what a Node stays for most of a minute after its kubelet has ended.
        for kubectl, nodes in ((self.host.kubectl, [HOST_NODE]), (self.inside, self.nodes)):
            renewed = partial(_have_renewed, kubectl, nodes, since)
            wait_for(f"a sign of life of {', '.join(nodes)}", renewed, RECOVERY_SECONDS, explain)
        wait_for("Ready nodes", lambda: sorted(self.nodes) == list_ready_nodes(self.inside), RECOVERY_SECONDS, explain)
        self.virtual.wait_for_phase("Running", RECOVERY_SECONDS)


def start_world() -> World:
    """Builds what is missing, and starts the testbed with a virtual cluster that is Running."""
    host = bring_up(CHAOS)
    directory = Path(tempfile.mkdtemp(dir=CHAOS.state))
    virtual = VirtualCluster(build_testbed_host(host), build_vk8s(), directory)
    virtual.ensure_running()
    virtual.wait_for_nodes()
    return World(host, virtual, virtual.inside)


def build_vk8s() -> Manifest:
    """examples/local.yaml with one more worker, and a port for the writer of each node."""
    example = read_example()
    master, worker = example["spec"]["nodes"]
    nodes = [
        _build_node(master, f"{NAME}-master"),
        *(_build_node(worker, f"{NAME}-worker-{number}") for number in (1, 2)),
    ]
    numbers = range(FIRST_PORT, FIRST_PORT + len(nodes))
    ports = [{"name": f"writer-{number}", "port": number, "targetPort": number} for number in numbers]
    spec = {**example["spec"], "nodes": nodes, "ports": ports}
    return {**example, "metadata": {"name": NAME}, "spec": spec}


def _build_node(node: Manifest, name: str) -> Manifest:
    # Three nodes would ask for more cores than a small host has.
    resources = {"requests": {"cpu": "100m", "memory": "1Gi"}, "limits": node["resources"]["limits"]}
    return {**node, "name": name, "resources": resources}


def start_workload(world: World) -> list[Writer]:
    """Starts the writers, and returns when all of them have been answered."""
    inside, address = world.inside, world.host.testbed.address
    wait_for("the service account", lambda: inside.find("serviceaccount", "default"), SECONDS)
    writers = []
    for port, node in enumerate(world.nodes, FIRST_PORT):
        inside.apply(*build_writer(node, port))
        writers.append(Writer(name_writer(node), FileTarget(partial(ask_port, address, port)), FILE_PAUSE))
    writers.append(Writer("writes to the API", ApiTarget(inside), API_PAUSE))
    for writer in writers:
        wait_for(f"an answer of {writer.ledger.name}", partial(_answers, writer), SECONDS)
        writer.start()
    return writers


def _have_renewed(kubectl: Kubectl, nodes: Sequence[str], since: datetime) -> bool:
    """Whether the kubelets of these nodes have renewed their leases since then."""
    leases = kubectl.find("leases", "--namespace=kube-node-lease") or {"items": []}
    times = {each["metadata"]["name"]: each["spec"]["renewTime"] for each in leases["items"]}
    return all(node in times and datetime.fromisoformat(times[node]) > since for node in nodes)


def _answers(writer: Writer) -> bool:
    return writer.target.read() is not None
