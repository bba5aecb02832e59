"""A kind cluster for the soak test: three control-plane nodes on three hosts, two of which are hit, too."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from secrets import token_hex

from hooks.vk8s.spec.cluster import RESTART_ANNOTATION
from testbed.kind.cluster import NODES
from testbed.kubectl import Kubectl, KubectlError, has_condition
from tests.kind.machines import Machine
from tests.kind.placing import SYSTEM, read_claims
from tests.nested.members import list_complete, list_control_plane, wait_for_members
from tests.nested.virtual import VirtualCluster
from tests.soak.faults import (
    DELETION,
    HOST_KINDS,
    INIT,
    NETWORK,
    POWER,
    RESTART,
    TIME,
    VOLUME,
    Fault,
    Kind,
    Place,
    Victims,
    draw,
)
from tests.soak.place import BrokenError
from tests.soak.victims import Process, choose, choose_on_host, kill, list_processes
from tests.soak.world import wait_for_kubelets

# That of a node's processes: a host of kind has a namespace of its own, too.
DEPTH = 3
# A rolling restart of four nodes, which begins again if another one is asked for meanwhile.
ROLLING_SECONDS = 900


@dataclass
class HostsWorld:
    """The kind cluster and its virtual cluster. `machines`: the hosts that are hit, by name.

    `cgroups`: the names of the cgroups of all hosts, and whose each is.
    """

    virtual: VirtualCluster
    inside: Kubectl
    machines: Mapping[str, Machine]
    cgroups: Mapping[str, str]
    # What a host is without, and how often it has come back.
    _away: dict[str, Kind] = field(default_factory=dict)
    _returns: Counter[str] = field(default_factory=Counter)
    _claims: dict[str, str] = field(default_factory=dict)

    def draw(self, seed: int) -> Iterator[Fault]:
        """The faults of a seed, without end."""
        nodes, masters = self.virtual.nodes, list_control_plane(self.virtual)
        workers = [node for node in nodes if node not in masters]
        targets = {Place.NODE: nodes, Place.MASTER: masters, Place.WORKLOAD: workers, Place.HOST: list(self.machines)}
        return draw(seed, HOST_KINDS, targets)

    def look(self) -> Callable[[Fault], Victims]:
        """What a fault hits, as everything is at this moment: nothing of what is on a host that is away."""
        processes = [each for each in list_processes(self.cgroups, DEPTH) if each.host not in self._away]
        return partial(self._select, processes)

    def _select(self, processes: Sequence[Process], fault: Fault) -> Victims:
        kind, target = fault.kind, fault.target
        if kind.place is Place.CONTROLLER:
            return self._list_ready_pods(kind.program)
        if kind.place is Place.CLUSTER:
            return frozenset[int]().union(*(choose(processes, node, INIT) for node in self.virtual.nodes))
        if kind.place is not Place.HOST:
            return choose(processes, target, kind.program)
        if kind.program:
            return choose_on_host(processes, target, kind.program)
        return frozenset() if target in self._away else frozenset({self._returns[target]})

    def _list_ready_pods(self, name: str) -> Victims:
        """The uids of those of a Deployment that work."""
        listed = self._system.find("pods", f"--selector=app.kubernetes.io/name={name}") or {"items": []}
        pods = (pod for pod in listed["items"] if has_condition(pod) and "deletionTimestamp" not in pod["metadata"])
        return frozenset(pod["metadata"]["uid"] for pod in pods)

    @property
    def _system(self) -> Kubectl:
        return self.virtual.kubectl.within(SYSTEM)

    def strike(self, fault: Fault, victims: Victims) -> bool:
        """Injects a fault; False if it must not come now."""
        kind, kubectl = fault.kind, self.virtual.kubectl
        if kind in (POWER, NETWORK, TIME):
            return self._take_away(fault)
        if kind is VOLUME:
            return self._delete_volume(fault.target)
        if kind is DELETION:
            kubectl.run("delete", "pod", fault.target, "--wait=false", "--ignore-not-found")
        elif kind is RESTART:
            kubectl.run("annotate", "vk8s", self.virtual.name, "--overwrite", f"{RESTART_ANNOTATION}={token_hex(3)}")
        elif kind.place is Place.CONTROLLER:
            self._system.run("delete", "pods", f"--selector=app.kubernetes.io/name={kind.program}", "--wait=false")
        else:
            kill(victims)
        return True

    def _take_away(self, fault: Fault) -> bool:
        """What a host needs. Of two without power, Docker could exchange the addresses when they start."""
        if fault.kind is POWER and POWER in self._away.values():
            return False
        machine = self.machines[fault.target]
        self._away[fault.target] = fault.kind
        {POWER: machine.fail, NETWORK: machine.unplug, TIME: machine.freeze}[fault.kind]()
        return True

    def _delete_volume(self, node: str) -> bool:
        """That of a control-plane node, with its pod: only while all members have the data and vote."""
        if self._away or not self._has_all_members():
            return False
        self._claims.pop(f"PersistentVolumeClaim {node}-state", None)
        for kind, name in (("persistentvolumeclaim", f"{node}-state"), ("pod", node)):
            self.virtual.kubectl.run("delete", kind, name, "--wait=false", "--ignore-not-found")
        return True

    def _has_all_members(self) -> bool:
        return bool(list_complete(self.virtual, list_control_plane(self.virtual)))

    def restore(self, fault: Fault) -> None:
        """Gives a host back what it is without."""
        machine = self.machines[fault.target]
        {POWER: machine.turn_on, NETWORK: machine.plug_in, TIME: machine.thaw}[fault.kind]()
        del self._away[fault.target]
        self._returns[fault.target] += 1

    def wait_until_well(self) -> None:
        """Returns when each kubelet works, each node is a Ready Node and each member votes, and status says Running.

        Raises TimeoutError; BrokenError if a node has another volume, and nobody has deleted the previous one.
        """
        explain = self._describe
        wait_for_kubelets(self.virtual.kubectl, NODES, explain)
        wait_for_kubelets(self.inside, self.virtual.nodes, explain)
        self.virtual.wait_for_phase("Running", ROLLING_SECONDS)
        wait_for_members(self.virtual)
        claims = read_claims(self.virtual)
        replaced = [name for name, uid in self._claims.items() if claims[name] != uid]
        self._claims = claims
        if replaced:
            raise BrokenError(f"{', '.join(replaced)}: another one, and nobody has deleted the previous one")

    def _describe(self) -> str:
        """What a user would look at, in the host cluster as well; without what does not answer."""
        try:
            hosts = self.virtual.kubectl.run("get", "nodes,pods", "--all-namespaces", "--output=wide")
            return f"\n{hosts}{self.virtual.describe()}"
        except KubectlError as error:
            return str(error)
