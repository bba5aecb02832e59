"""Where the pieces of one testbed are. Several may run at once: each has names and addresses of its own."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
API_PORT = 7443
HOST_NODE = "host"
# Inside the network namespace, so every testbed may have the same.
POD_CIDR, SERVICE_CIDR, DNS_ADDRESS = "10.200.0.0/16", "10.201.0.0/16", "10.201.0.10"
# By this name and port, the CompositeControllers look for the hooks; in a testbed, they are a process at that address.
HOOKS_HOST, HOOKS_PORT = "vk8s-hooks.vk8s-system", 443
HOOKS_URL = f"https://{HOOKS_HOST}"


@dataclass(frozen=True)
class Testbed:
    """One testbed. `name`: at most 10 characters, as it becomes part of an interface's name.

    `number`: 5 at most, and another for each, as it becomes part of an address.
    """

    name: str
    number: int

    @property
    def network(self) -> str:
        """Name of the network namespace, of the interface that leads into it, and of the cgroup."""
        return f"vk8s-{self.name}"

    @property
    def gateway(self) -> str:
        """Address of the machine's end of the link into the namespace."""
        return f"172.31.{250 + self.number}.1"

    @property
    def address(self) -> str:
        """Address of the host cluster's only node; NodePorts and its API are here, for this machine alone."""
        return f"172.31.{250 + self.number}.2"

    @property
    def state(self) -> Path:
        """Everything on disk."""
        return Path("/var/lib/vk8s-testbed") / self.name

    @property
    def run(self) -> Path:
        """Sockets and the mount namespace; a short path, as a socket's may have 107 characters."""
        return Path("/run/vk8s-testbed") / self.name

    @property
    def mounts(self) -> Path:
        """The mount namespace."""
        return self.run / "mounts"

    def get_own(self, directory: Path) -> Path:
        """The directory that containerd and kubelet see instead of one of the machine whose name is fixed."""
        return self.run / "own" / directory.relative_to("/")

    @property
    def logs(self) -> Path:
        """One file per program."""
        return self.state / "logs"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig of the host cluster."""
        return self.state / "kubeconfig"

    @property
    def keys(self) -> Path:
        """The keys of the hooks, as install.sh makes them."""
        return self.state / "keys"

    @property
    def hosts(self) -> Path:
        """What `ip netns exec` shows as /etc/hosts."""
        return self.resolv_conf.with_name("hosts")

    @property
    def resolv_conf(self) -> Path:
        """What `ip netns exec` shows as /etc/resolv.conf."""
        return Path("/etc/netns") / self.network / "resolv.conf"


# Of `make up`, and of tests: all may be there at once.
UP, NESTED_TESTS, CLUSTER_TESTS, LEAK_TESTS, INSTALL_TESTS, PAGE_TESTS = _ALL = tuple(
    Testbed(name, number) for number, name in enumerate(("up", "nested", "cluster", "leaks", "install", "pages"))
)
# Of `make bench`, `make chaos`, `make kind-up` and `make conformance`.
BENCH, CHAOS, KIND, CONFORMANCE = (
    Testbed(name, -number) for number, name in enumerate(("bench", "chaos", "kind", "conform"), 1)
)
TESTBEDS = {testbed.name: testbed for testbed in (*_ALL, BENCH, CHAOS, CONFORMANCE)}
# Which one is meant where nobody says so.
VARIABLE = "VK8S_TESTBED"
