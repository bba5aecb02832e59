"""The testbed of the soak test, the virtual cluster in it, and how each part of it is restarted."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from hooks.kubernetes.manifest import Manifest
from testbed import cgroups, controller, host_cluster, preflight, programs
from testbed.bring_up import bring_up
from testbed.host_cluster import HostCluster
from testbed.kubectl import Kubectl
from testbed.layout import CHAOS, HOST_NODE
from testbed.waiting import wait_for
from tests.nested.host import build_testbed_host, read_example
from tests.nested.virtual import VirtualCluster, list_ready_nodes
from tests.soak.faults import DELETION, KINDS, Fault, Place, Victims, draw
from tests.soak.place import RECOVERY_SECONDS
from tests.soak.victims import choose, kill, list_processes
from tests.soak.writers import ApiTarget, FileTarget, Writer, ask_port, build_writer, name_writer

NAME = "soak"
# Of the host cluster, and of the virtual one: a writer's each.
FIRST_PORT = 30100
# Until the workload answers for the first time.
SECONDS = 180
FILE_PAUSE, API_PAUSE = 0.25, 1.0
# That of a node's processes: one namespace below the machine's.
DEPTH = 2


@dataclass(frozen=True)
class OneHostWorld:
    """The host cluster and its virtual cluster. `inside`: `kubectl` for the latter."""

    host: HostCluster
    virtual: VirtualCluster
    inside: Kubectl

    def draw(self, seed: int) -> Iterator[Fault]:
        """The faults of a seed, without end."""
        nodes = self.virtual.nodes
        targets = {Place.NODE: nodes, Place.MASTER: nodes[:1], Place.WORKLOAD: nodes}
        return draw(seed, KINDS, targets)

    def look(self) -> Callable[[Fault], Victims]:
        """Which processes a fault hits, as they are at this moment."""
        testbed = self.host.testbed
        names = (testbed.network, cgroups.name_slice(testbed.network))
        processes = list_processes(dict.fromkeys(names, HOST_NODE), DEPTH)

        def select(fault: Fault) -> Victims:
            if fault.kind.place is Place.TESTBED:
                return frozenset(programs.list_processes(testbed, fault.kind.program))
            return choose(processes, fault.target, fault.kind.program)

        return select

    def strike(self, fault: Fault, victims: Victims) -> bool:
        """Injects a fault."""
        if fault.kind is DELETION:
            self.virtual.kubectl.run("delete", "pod", fault.target, "--wait=false", "--ignore-not-found")
        else:
            kill(victims)
        return True

    def restore(self, fault: Fault) -> None:
        """Starts a program of the testbed again, and whatever else of the host's node does not run."""
        program = fault.kind.program
        if program == controller.HOOKS:
            controller.start_hooks(self.host)
        elif program == controller.METACONTROLLER:
            controller.start_metacontroller(self.host)
        else:
            self.host.start_node()

    def wait_until_well(self) -> None:
        """Returns when each kubelet works, each node is a Ready Node, and status says Running. Raises TimeoutError."""
        explain = self.virtual.describe
        wait_for_kubelets(self.host.kubectl, [HOST_NODE], explain)
        wait_for_kubelets(self.inside, self.virtual.nodes, explain)
        self.virtual.wait_for_phase("Running", RECOVERY_SECONDS)


@dataclass
class OneHostSite:
    """A testbed of its own, with a control-plane node and two workers on its only host."""

    text: str = "a testbed with a virtual cluster of a control-plane node and two workers"
    removal: str = f"{sys.executable} -m testbed --testbed {CHAOS.name} down"

    def list_obstacles(self) -> list[str]:
        """Why this machine can't have one now."""
        if cgroups.list_processes(CHAOS.network):
            return [f"its place: a soak test runs, or its testbed is left over, which this ends: {self.removal}"]
        return preflight.list_problems()

    def start(self) -> tuple[OneHostWorld, list[Writer]]:
        """Builds what is missing, and returns when the virtual cluster is Running, and all writers were answered."""
        host = bring_up(CHAOS)
        directory = Path(tempfile.mkdtemp(dir=CHAOS.state))
        virtual = VirtualCluster(build_testbed_host(host), build_vk8s(), directory)
        virtual.ensure_running()
        virtual.wait_for_nodes()
        world = OneHostWorld(host, virtual, virtual.inside)
        return world, start_workload(world)

    def keep_logs(self, directory: Path) -> None:
        """Copies the logs of the testbed's programs and of its pods to a directory."""
        for source in (CHAOS.logs, CHAOS.state / "pod-logs"):
            shutil.copytree(source, directory / source.name, symlinks=True)

    def remove(self) -> None:
        """Removes all of it."""
        host_cluster.remove(CHAOS)


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


def start_workload(world: OneHostWorld) -> list[Writer]:
    """Starts the writers, and returns when all of them have been answered."""
    inside, address = world.inside, world.host.testbed.address
    wait_for("the service account", lambda: inside.find("serviceaccount", "default"), SECONDS)
    writers = []
    for port, node in enumerate(world.virtual.nodes, FIRST_PORT):
        inside.apply(*build_writer(node, port))
        writers.append(Writer(name_writer(node), FileTarget(partial(ask_port, address, port)), FILE_PAUSE))
    writers.append(Writer("writes to the API", ApiTarget(inside), API_PAUSE))
    for writer in writers:
        wait_for(f"an answer of {writer.ledger.name}", partial(_answers, writer), SECONDS)
        writer.start()
    return writers


def wait_for_kubelets(kubectl: Kubectl, nodes: Sequence[str], explain: Callable[[], str]) -> None:
    """Waits until each kubelet has renewed its lease after this call, and exactly these nodes are Ready Nodes."""
    # Ready is what a Node stays for most of a minute after its kubelet has ended.
    renewed = partial(_have_renewed, kubectl, nodes, datetime.now(UTC))
    wait_for(f"a sign of life of {', '.join(nodes)}", renewed, RECOVERY_SECONDS, explain)
    wait_for("Ready nodes", lambda: sorted(nodes) == list_ready_nodes(kubectl), RECOVERY_SECONDS, explain)


def _have_renewed(kubectl: Kubectl, nodes: Sequence[str], since: datetime) -> bool:
    """Whether the kubelets of these nodes have renewed their leases since then."""
    leases = kubectl.find("leases", "--namespace=kube-node-lease") or {"items": []}
    times = {each["metadata"]["name"]: each["spec"]["renewTime"] for each in leases["items"]}
    return all(node in times and datetime.fromisoformat(times[node]) > since for node in nodes)


def _answers(writer: Writer) -> bool:
    return writer.read() is not None
