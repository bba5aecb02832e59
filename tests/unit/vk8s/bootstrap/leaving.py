"""The pod of a Job that removes a node, with a kubectl that knows the Nodes of one virtual cluster."""

from tests.unit.vk8s.bootstrap.bench import Ended, Node, Timeline

MOVING = "run/vk8s/moving"
BEGINS, ENDS = "Removing node demo-worker from its virtual cluster.", "Node demo-worker has been removed."
STOPS = "The node is asked to stop its kubelet."
# What kubectl does, by its verb. `node` is what it prints of the Node, `taints` those of the control plane, `others`
# its nodes, and each line of `drain` is how one call ends. The node's watcher stops the kubelet as soon as the
# annotation is written.
STOP = "echo 'node True/true/{}' >node"
ASK = 'all=$* other=${all#* node } && sed -i "s|^${other%% *} .*|${other%% *} True 7 ${all##*=}|" others'
KUBECTL = {
    "get nodes": "if [[ $* = *remove-member* ]]; then cat others; else cat taints; fi",
    "get node": "cat node",
    "annotate": f"if [[ $* = *leaving=* ]]; then {STOP}; elif [[ $* = *remove-member=* ]]; then {ASK}; fi",
    "drain": 'read -r said <drain || true; sed -i 1d drain; [[ -z $said ]] || { echo "$said"; exit 1; }',
    "taint": "echo 'node/demo-master untainted'",
}
HELD = (
    'error when evicting pods/"web-0" -n "shop" (will retry after 5s): '
    "Cannot evict pod as it would violate the pod's disruption budget."
)


def write_kubectl(node: Node, first: str = "", **before: str) -> None:
    """A kubectl that fails while there is a file `away`; `before`: what it also does, by the verb."""
    cases = "".join(f"  *' {verb} '*) {before.get(verb, '')}\n{commands} ;;\n" for verb, commands in KUBECTL.items())
    node.program("kubectl", f'{first}\ncd bench\n[[ ! -e away ]] || exit 1\ncase "$*" in\n{cases}esac')


def leave(node: Node, timeline: Timeline | None = None, limit: float = 60) -> Ended:
    return node.run("leave.sh", timeline, limit)


def steps(ended: Ended) -> list[str]:
    """What kubectl was asked to change, by its verbs."""
    verbs = [call.split()[2] for call in ended.calls_of("kubectl")]
    return [verb for verb in verbs if verb != "get"]
