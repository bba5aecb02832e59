"""The kind cluster of a soak test: how it is set up, with the virtual cluster and what writes to it, and removed."""

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

from hooks.kubernetes.manifest import Manifest
from testbed import preflight
from testbed.kind.cluster import NODES, WORKERS, build_kubectl
from testbed.kind.docker import DockerError
from testbed.layout import KIND, ROOT
from testbed.waiting import wait_for
from tests.kind.machines import Machine
from tests.kind.placing import PLACEMENT, read_hosts
from tests.kind.spread import build_spread
from tests.kind.workload import FIRST_PORT, add_file_writer, build_ports
from tests.nested.api_writer import build_writer
from tests.nested.current import LABELS, Target, build_host, pin_context
from tests.nested.host import Host, read_example, read_example_images
from tests.nested.members import list_control_plane, wait_for_members
from tests.nested.virtual import VirtualCluster
from tests.soak.api_user import ApiUser
from tests.soak.hosts import HostsWorld
from tests.soak.place import Workload
from tests.soak.world import NAME, SECONDS


class HostsSite:
    """A kind cluster, with three control-plane nodes on its three hosts, and a worker on one of the two that are hit.

    The third host has the host cluster's own control plane, and is not hit.
    """

    text = "a kind cluster with a virtual cluster of three control-plane nodes and a worker"
    removal = f"{sys.executable} -m testbed.kind down"

    def __init__(self) -> None:
        self._stack = ExitStack()

    def list_obstacles(self) -> list[str]:
        """Why this machine can't have one now."""
        if KIND.kubeconfig.exists():
            return [f"its place: there is a kind cluster, which this removes: {self.removal}"]
        return preflight.list_problems()

    def start(self) -> tuple[HostsWorld, list[Workload]]:
        """Builds what is missing, and returns when the virtual cluster is Running, and all writers were answered."""
        self._call("up")
        host = _prepare_cluster()
        virtual = VirtualCluster(host, build_vk8s(), Path(tempfile.mkdtemp(dir=KIND.state)))
        virtual.ensure_running()
        wait_for_members(virtual)
        assert {read_hosts(virtual)[node] for node in list_control_plane(virtual)} == set(NODES)
        machines = {name: Machine(name, build_kubectl()) for name in NODES}
        hit = {name: machines[name] for name in WORKERS}
        world = HostsWorld(virtual, virtual.inside, hit, _read_cgroups(machines))
        workloads = self._start_workload(virtual)
        world.wait_until_well()
        return world, workloads

    def _start_workload(self, virtual: VirtualCluster) -> list[Workload]:
        inside, worker = virtual.inside, virtual.nodes[-1]
        wait_for("the service account", lambda: inside.find("serviceaccount", "default"), SECONDS)
        files = add_file_writer(virtual, worker, FIRST_PORT, self._stack)
        wait_for(f"an answer of {files.ledger.name}", lambda: files.read() is not None, SECONDS, virtual.describe)
        files.start()
        user = ApiUser("writes to the API", *build_writer(virtual))
        user.start()
        return [files, user]

    def keep_logs(self, directory: Path) -> None:
        """Copies the logs of all pods of the hosts, which have those of the nodes, to a directory."""
        directory.mkdir(parents=True, exist_ok=True)
        for name in NODES:
            with suppress(DockerError):
                Machine(name, build_kubectl()).docker.run("cp", f"{name}:/var/log/pods", str(directory / name))

    def remove(self) -> None:
        """Removes all of it."""
        self._stack.close()
        self._call("down")

    def _call(self, command: str) -> None:
        subprocess.run([sys.executable, "-m", "testbed.kind", command], cwd=ROOT, check=True)


def build_vk8s() -> Manifest:
    """A Vk8s with three control-plane nodes, and a port for the writer on its worker."""
    spread = build_spread(read_example(), NAME)
    return {**spread, "spec": {**spread["spec"], "ports": list(build_ports(1))}}


def _prepare_cluster() -> Host:
    """The kind cluster with a namespace for the virtual cluster, and a client on the host that is not hit."""
    target = Target(read_example_images(), build_kubectl, placement=PLACEMENT)
    kubectl = pin_context(target, KIND.state / "soak.kubeconfig", NAME)
    kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAME, "labels": LABELS}})
    return build_host(target, kubectl, NAME)


def _read_cgroups(machines: Mapping[str, Machine]) -> dict[str, str]:
    """The names that the cgroups of the hosts have, and whose each is."""
    ids = {name: machine.docker.run("inspect", "--format={{.Id}}", name).strip() for name, machine in machines.items()}
    return {cgroup: name for name, number in ids.items() for cgroup in (number, f"docker-{number}.scope")}
