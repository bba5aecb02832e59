"""What the owner of a Vk8s writes into its spec. Each edit finds its choices in what there is at that moment."""

from collections.abc import Callable
from typing import Any, Final

from hooks.kubernetes.manifest import Manifest
from testbed.metacontroller.objects import is_terminating
from tests.chaos.physics import UNPULLABLE
from tests.chaos.scene import Draw, Scene

VK8S_NAMES: Final = ("a", "a-b", "b")
SHARED: Final = ("m", "w")
IMAGES: Final = ("a", "b", "c:v1.30.0")
PORTS: Final[tuple[Manifest, ...]] = (
    {"name": "web", "port": 30080, "targetPort": 30080},
    {"name": "kubeflow", "port": 31000, "targetPort": 31000},
    {"name": "low", "port": 8080, "targetPort": 8080},
)
OPTIONS: Final[dict[str, tuple[Any, ...]]] = {
    "resources": ({}, {"limits": {"cpu": "0.5", "memory": "1024Mi"}}, {"limits": {"cpu": "500m", "memory": "1Gi"}}),
    "tolerations": ([], [{"key": "a", "operator": "Exists"}]),
    "nodeSelector": ({}, {"disk": "ssd"}),
    "runtimeClassName": (None, "nvidia"),
}
KEY: Final = "ssh-ed25519 AAAAC3Nza me"


def add_worker(scene: Scene, draw: Draw) -> None:
    """A worker comes into the spec, under a name that there was before more often than not."""

    def change(name: str, spec: Manifest) -> Manifest:
        names = {node["name"] for node in spec["nodes"]}
        free = [each for each in (*name_workers(name), *SHARED[1:]) if each not in names]
        worker = [build_node(free[0] if draw.chance(0.7) else draw.pick(free), "worker")] if free else []
        return {**spec, "nodes": [*spec["nodes"], *worker]}

    edit(scene, draw, change)


def remove_worker(scene: Scene, draw: Draw) -> None:
    """A worker is removed from the spec."""

    def change(_: str, spec: Manifest) -> Manifest:
        workers = [node for node in spec["nodes"] if node["role"] == "worker"]
        gone = draw.pick(workers) if workers else None
        return {**spec, "nodes": [each for each in spec["nodes"] if each != gone]}

    edit(scene, draw, change)


def edit_masters(scene: Scene, draw: Draw) -> None:
    """One, three or five control-plane nodes, some under other names. The first one stays."""

    def change(name: str, spec: Manifest) -> Manifest:
        first, *others = spec["nodes"]
        masters = build_masters(name, draw.pick((1, 3, 3, 5)), draw.pick((0, 0, 1, 2)))
        workers = [each for each in others if each["role"] == "worker"]
        return {**spec, "nodes": [first, *masters[1:], *workers]}

    edit(scene, draw, change)


def edit_images(scene: Scene, draw: Draw) -> None:
    """Another image for one node or for all; now and then one that no registry has."""
    # Several control-plane nodes need a newer version of Kubernetes than the last one.
    image = UNPULLABLE if draw.chance(0.15) else draw.pick(IMAGES[:2] if scene.has_members else IMAGES)
    _edit_nodes(scene, draw, {"image": image})


def edit_nodes(scene: Scene, draw: Draw) -> None:
    """Other resources for one node or for all, or another place."""
    field = draw.pick(sorted(OPTIONS))
    _edit_nodes(scene, draw, {field: draw.pick(OPTIONS[field])})


def edit_access(scene: Scene, draw: Draw) -> None:
    """Another access pod, or none; another port, or none; other keys, or none."""

    def change(name: str, spec: Manifest) -> Manifest:
        port = 30022 + (*VK8S_NAMES, name).index(name)
        changes: Manifest = draw.pick(
            ({"accessPodImage": "b", "accessPodPort": port}, {"accessPodImage": "a"}, {"accessPodPort": port + 10}, {})
        )
        rest = {key: value for key, value in spec.items() if key not in ("accessPodImage", "accessPodPort", "access")}
        return {**rest, **changes, **({"access": {"authorizedKeys": [KEY]}} if draw.chance(0.5) else {})}

    edit(scene, draw, change)


def edit_ports(scene: Scene, draw: Draw) -> None:
    """Other ports, or none. That of Kubeflow stays while that is wanted."""

    def change(_: str, spec: Manifest) -> Manifest:
        is_needed = "kubeflow" in spec
        ports = [port for port in PORTS if draw.chance(0.4) or (is_needed and port["name"] == "kubeflow")]
        return {**without(spec, "ports"), **({"ports": ports} if ports else {})}

    edit(scene, draw, change)


def edit_kubeflow(scene: Scene, draw: Draw) -> None:
    """Kubeflow of some version, or none."""

    def change(_: str, spec: Manifest) -> Manifest:
        if draw.chance(0.3):
            return without(spec, "kubeflow")
        secret = {"passwordSecretRef": {"name": "mine"}} if draw.chance(0.3) else {}
        kubeflow = {"version": draw.pick(("v1.9.0", "v1.10.2", "26.03")), **secret}
        others = [port for port in spec.get("ports", []) if port["name"] != "kubeflow"]
        return {**spec, "kubeflow": kubeflow, "ports": [*others, PORTS[1]]}

    edit(scene, draw, change)


def edit_pool(scene: Scene, draw: Draw) -> None:
    """Another IPPool is named, or none."""
    pool = draw.pick((None, "p", "q"))
    edit(scene, draw, lambda _, spec: {**without(spec, "ipPool"), **({"ipPool": pool} if pool else {})})


def pick_vk8s(scene: Scene, draw: Draw) -> Manifest | None:
    """One that nobody has deleted."""
    there = [each for each in scene.list_vk8s() if not is_terminating(each)]
    return draw.pick(there) if there else None


def edit(scene: Scene, draw: Draw, change: Callable[[str, Manifest], Manifest]) -> None:
    """The owner of one Vk8s changes its spec."""
    vk8s = pick_vk8s(scene, draw)
    if vk8s is None:
        return
    name = vk8s["metadata"]["name"]
    spec = change(name, scene.written[name])
    if spec != vk8s["spec"]:
        scene.write_spec(name, spec)
        scene.tell(f"the spec of {name} is now {describe_spec(spec)}")


def _edit_nodes(scene: Scene, draw: Draw, fields: Manifest) -> None:
    def change(_: str, spec: Manifest) -> Manifest:
        chosen = draw.pick((None, *(node["name"] for node in spec["nodes"])))
        nodes = [_with(node, fields) if chosen in (None, node["name"]) else node for node in spec["nodes"]]
        return {**spec, "nodes": nodes}

    edit(scene, draw, change)


def _with(node: Manifest, fields: Manifest) -> Manifest:
    return {key: value for key, value in {**node, **fields}.items() if value not in (None, {}, [])}


def without(spec: Manifest, field: str) -> Manifest:
    """The spec without that field."""
    return {key: value for key, value in spec.items() if key != field}


def name_workers(vk8s: str) -> list[str]:
    """The names that workers of a Vk8s have, if no other has."""
    return [f"{vk8s}-w{number}" for number in (1, 2, 3)]


def build_masters(vk8s: str, count: int, start: int = 0) -> list[Manifest]:
    """So many control-plane nodes: the first one, and others of those that there may be."""
    others = [f"{vk8s}-m{number}" for number in range(2, 8)]
    names = [f"{vk8s}-m", *(others[(start + number) % len(others)] for number in range(count - 1))]
    return [build_node(name, "master") for name in names]


def build_node(name: str, role: str) -> Manifest:
    """A node of a spec."""
    return {"name": name, "image": "a", "role": role}


def describe_spec(spec: Manifest) -> str:
    """A spec in a story."""
    nodes = [
        " ".join([node["name"], *(f"{k}={v}" for k, v in node.items() if k not in ("name", "role"))])
        for node in spec["nodes"]
    ]
    rest = [f"{key}={value}" for key, value in spec.items() if key != "nodes"]
    return "; ".join([", ".join(nodes), *rest])
