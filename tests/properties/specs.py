"""Specs, labels and names as users may write them: plain ones, odd ones that are valid, and broken ones."""

from collections.abc import Callable
from itertools import permutations
from typing import Any

from hypothesis import strategies as st

from hooks.kubernetes.manifest import Manifest
from hooks.kubernetes.quantity import parse_quantity
from tests.simulation.placement import PLAIN_ANNOTATION

LETTERS = "abz09-"
VK8S_NAMES = st.sampled_from(["demo", "d", "x" * 52, "null", "a-1"])
NODE_NAMES = st.sampled_from(["w", "w2", "0", "demo", "demo-pki", "w-state", "n" * 57, "1-2"]) | st.text(
    LETTERS, min_size=1, max_size=57
).map(lambda text: text.strip("-") or "a")
IMAGES = st.sampled_from(["busybox", "registry.example.com:5000/vk8s/kink:v1.34.4", f"a@sha256:{'0' * 64}"])

# Quantities in forms that the API server writes otherwise.
CPU = (1, "1", "0.5", ".5", "500m", "5e-1", "1.", "+2", "2000000u", "1E0", 0)
MEMORY = ("1Gi", "1024Mi", "1e9", "1.5Gi", 1073741824, "1G", "0.5Gi", "3000000000000m")
GPU = "nvidia.com/gpu"
SIZES = ("20Gi", "20480Mi", 20, "1e10", "0.5Ti")
CIDRS = ("198.18.0.0/16", "198.19.0.0/16", "10.0.0.0/12", "192.168.8.0/21", "172.16.0.0/12")

LABEL_VALUES = st.sampled_from(["", "blue", "A.b_c", "x" * 63])
# Parts of the spec that can't be changed later.
FIXED: tuple[str, ...] = ("kubernetes", "storage")

PLAIN_LABELS = {"team", "example.com/team", "app", "node"}
USER_LABELS = st.dictionaries(st.sampled_from(sorted(PLAIN_LABELS)), LABEL_VALUES, max_size=3)
# Labels that would make a child somebody else's, or a pod another node, if they got through.
NASTY_LABELS = st.fixed_dictionaries(
    {},
    optional={
        "controller-uid": LABEL_VALUES,
        "app.kubernetes.io/managed-by": LABEL_VALUES,
        "vk8s.sktelecom.com/vk8s": LABEL_VALUES,
        "vk8s.sktelecom.com/role": st.sampled_from(["master", "worker"]),
        "vk8s.sktelecom.com/component": st.sampled_from(["node", "access", "bootstrap"]),
        "vk8s.sktelecom.com/later": LABEL_VALUES,
        "job-name": LABEL_VALUES,
        "kueue.x-k8s.io/queue-name": LABEL_VALUES,
        "app.kubernetes.io/instance": LABEL_VALUES,
        "kustomize.toolkit.fluxcd.io/name": LABEL_VALUES,
    },
)
LABELS = st.builds(lambda plain, nasty: {**plain, **nasty}, USER_LABELS, NASTY_LABELS)

TOLERATIONS = st.sampled_from(
    [
        {"operator": "Exists"},
        {"key": "a", "operator": "Exists", "effect": "NoSchedule"},
        {"key": "example.com/a", "value": "", "effect": "NoExecute", "tolerationSeconds": 0},
        {"key": "a", "operator": "Equal", "value": "b"},
    ]
)
HOST = "kubernetes.io/hostname"
AFFINITIES = st.sampled_from(
    [
        {},
        {"podAntiAffinity": {}},
        {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": HOST}]}},
        {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [{"matchExpressions": [{"key": "disk", "operator": "Exists"}]}]
                }
            }
        },
    ]
)
CONSTRAINTS = st.sampled_from(
    [
        {"maxSkew": 1, "topologyKey": HOST, "whenUnsatisfiable": when, "labelSelector": {"matchLabels": {"a": "b"}}}
        for when in ("DoNotSchedule", "ScheduleAnyway")
    ]
)
# What the owner notes on pods.
ANNOTATIONS = st.dictionaries(st.sampled_from([f"{PLAIN_ANNOTATION}a", f"{PLAIN_ANNOTATION}b"]), LABEL_VALUES)
KEYS = st.sampled_from(["ssh-ed25519 AAAAC3Nza me", "ssh-rsa AAAA==", "sk-ssh-ed25519@openssh.com AAAA two words"])
KUBEFLOWS = st.fixed_dictionaries(
    {"version": st.sampled_from(["v1.3.0", "v1.9.0", "26.03"])},
    optional={
        "email": st.just("jane@example.com"),
        "passwordSecretRef": st.sampled_from([{"name": "mine"}, {"name": "mine", "key": "word"}]),
    },
)
BUDGETS = st.fixed_dictionaries(
    {}, optional={"disruptionBudget": st.builds(lambda most: {"maxUnavailable": most}, st.integers(0, 2))}
)
PORTS = st.dictionaries(
    st.sampled_from([80, 6443, 29999, 30000, 30080, 32767, 65535]),
    st.sampled_from(["web", "p" * 63, "0-0", "ssh", "https", "node"]),
    max_size=4,
)


@st.composite
def valid_specs(draw: st.DrawFn, old: Manifest | None = None) -> Manifest:
    """A spec that the CRD and the hooks accept; with `old`, one to which that may be changed."""
    master = draw(_nodes(name="m" if old is None else old["nodes"][0]["name"], role="master"))
    names = draw(st.lists(NODE_NAMES, max_size=4, unique=True))
    workers = [draw(_nodes(name=name, role="worker")) for name in names if name != master["name"]]
    fixed = draw(_fixed_parts()) if old is None else {key: old[key] for key in FIXED if key in old}
    return {"nodes": [master, *workers], **fixed, **draw(_access()), **draw(_ports()), **draw(BUDGETS)}


@st.composite
def broken_specs(draw: st.DrawFn, valid: Manifest) -> Any:
    """Something that is no valid spec: `valid` with a fault, or no spec at all."""
    return draw(st.sampled_from(FAULTS))(valid)


@st.composite
def _nodes(draw: st.DrawFn, *, name: str, role: str) -> Manifest:
    options = {
        "resources": _resources(),
        "tolerations": st.lists(TOLERATIONS, max_size=2),
        "nodeSelector": st.dictionaries(st.sampled_from(["disk", "example.com/zone"]), LABEL_VALUES, max_size=2),
        "runtimeClassName": st.just("nvidia"),
        "affinity": AFFINITIES,
        "topologySpreadConstraints": st.lists(CONSTRAINTS, max_size=1),
        "priorityClassName": st.just("high"),
        "annotations": ANNOTATIONS,
    }
    return {"name": name, "image": draw(IMAGES), "role": role, **draw(st.fixed_dictionaries({}, optional=options))}


@st.composite
def _resources(draw: st.DrawFn) -> Manifest:
    """Limits, and requests that are not above them; of a GPU, both are the same, or limits alone."""
    limits, requests = {}, {}
    for name, forms in (("cpu", CPU), ("memory", MEMORY), (GPU, (1, "2"))):
        first, second = draw(st.sampled_from(forms)), draw(st.sampled_from(forms))
        low, high = sorted([first, second], key=lambda form: parse_quantity(str(form)))
        if draw(st.booleans()):
            limits[name] = high
        if draw(st.booleans()) and (name != GPU or name in limits):
            requests[name] = high if name == GPU else low
    return draw(st.sampled_from([{"limits": limits, "requests": requests}, {"limits": limits}, {}]))


@st.composite
def _fixed_parts(draw: st.DrawFn) -> Manifest:
    """The networks and the storage."""
    pods, services = draw(st.sampled_from(list(permutations(CIDRS, 2))))
    kubernetes = {"podNetworkCidr": pods, "serviceCidr": services, "cni": draw(st.sampled_from(["flannel", "none"]))}
    storage = st.fixed_dictionaries(
        {},
        optional={
            "size": st.sampled_from(SIZES),
            "storageClassName": st.sampled_from(["", "fast"]),
            "ephemeral": st.booleans(),
        },
    )
    return draw(st.fixed_dictionaries({}, optional={"kubernetes": st.just(kubernetes), "storage": storage}))


def _access() -> st.SearchStrategy[Manifest]:
    access = st.fixed_dictionaries({"authorizedKeys": st.lists(KEYS, max_size=2)})
    port = st.sampled_from([30001, 30022])
    return st.fixed_dictionaries({}, optional={"accessPodImage": IMAGES, "accessPodPort": port, "access": access})


@st.composite
def _ports(draw: st.DrawFn) -> Manifest:
    """Ports, and Kubeflow with the port that it needs."""
    numbers = {name: number for number, name in draw(PORTS).items()}
    if draw(st.booleans()):
        ports = [{"name": name, "port": number, "targetPort": number} for name, number in numbers.items()]
        return {"ports": ports} if draw(st.booleans()) else {}
    number = draw(st.sampled_from([31000, 32000]))
    return {"kubeflow": draw(KUBEFLOWS), "ports": [{"name": "kubeflow", "port": number, "targetPort": number}]}


def _with_first_node(spec: Manifest, **fields: Any) -> Manifest:
    return {**spec, "nodes": [{**spec["nodes"][0], **fields}, *spec["nodes"][1:]]}


FAULTS: list[Callable[[Manifest], Any]] = [
    lambda _: None,
    lambda _: {},
    lambda _: [7],
    lambda spec: {**spec, "nodes": []},
    lambda spec: {**spec, "nodes": [{"role": "none"}], "ports": {}},
    lambda spec: {**spec, "nodes": [*spec["nodes"], spec["nodes"][0]]},
    lambda spec: {**spec, "nodes": [{"name": "first", "image": "a", "role": "worker"}, *spec["nodes"]]},
    lambda spec: _with_first_node(spec, role="worker"),
    lambda spec: _with_first_node(spec, name="Not-A-Label"),
    lambda spec: _with_first_node(spec, resources={"requests": {"cpu": 2}, "limits": {"cpu": "1999m"}}),
    lambda spec: _with_first_node(spec, resources={"limits": {"cpu": "much"}}),
    lambda spec: _with_first_node(spec, affinity={"podAffinity": []}),
    lambda spec: _with_first_node(spec, topologySpreadConstraints=[{}]),
    lambda spec: _with_first_node(spec, annotations={"vk8s.sktelecom.com/hash": "node-v9.0"}),
    lambda spec: {**spec, "disruptionBudget": {"maxUnavailable": -1}},
    lambda spec: {**spec, "kubernetes": {"podNetworkCidr": "10.0.0.0/8", "serviceCidr": "10.1.0.0/16"}},
    lambda spec: {**spec, "kubernetes": {"podNetworkCidr": "10.0.0.1/8"}},
    lambda spec: {**spec, "ports": [{"name": "a", "port": 1, "targetPort": 2}]},
    lambda spec: {**spec, "accessPodPort": 30000, "ports": [{"name": "a", "port": 30000, "targetPort": 30000}]},
    lambda spec: {**spec, "kubeflow": {"version": "latest"}, "ports": []},
    lambda spec: {**spec, "access": {"authorizedKeys": ["not a key"]}},
]
