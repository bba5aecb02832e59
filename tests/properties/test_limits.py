"""Settings that are newer than a virtual cluster: nothing that lives is refused, nothing new gets past them."""

from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from hooks.kubernetes.manifest import Manifest
from hooks.settings import Settings
from hooks.vk8s.plan.limits import IMAGES as NOTE
from tests.properties.host import Host
from tests.properties.specs import IMAGES
from tests.properties.walks import STEPS_TO_ALL_PODS, new_hosts, settled_hosts
from tests.simulation.answers import index
from tests.simulation.keys import list_children
from tests.simulation.kinds import Key
from tests.world import World, condition, names

NO_IMAGE: Final = "registry.example.com/none"
EVIL: Final = "evil.example.com/root:1"
# Nothing is allowed that a spec may have.
STRICT = Settings(allowed_images=(NO_IMAGE,), host_cidrs=(IPv4Network("0.0.0.0/0"),))


def limit(host: Host) -> Host:
    """The host cluster whose hooks allow nothing any more."""
    return host.after("nothing is allowed", context=replace(host.world.context, settings=STRICT))


def is_accepted(world: World) -> bool:
    return bool(condition(world.sync(), "Accepted")["status"] == "True")


@given(settled_hosts(), st.integers(0, 2))
def test_running_children_stay_and_are_recreated_when_lost(host: Host, steps: int) -> None:
    before = names(host.world.sync())
    limited = limit(host).steps(steps)
    assert names(limited.world.sync()) == before
    healed = limited.after("no pods", children={**limited.world.children, "Pod.v1": {}}).steps(STEPS_TO_ALL_PODS)
    assert names(healed.world.sync()) == before
    assert healed.steps(2).world.children == healed.world.children


@given(new_hosts())
def test_nothing_of_what_is_new_is_made(host: Host) -> None:
    limited = limit(host)
    assert limited.world.sync().children == []
    assert not is_accepted(limited.world)


@given(settled_hosts(), IMAGES, st.data())
def test_an_image_that_it_does_not_have_is_refused_until_it_is_taken_back(
    host: Host, image: str, data: st.DataObject
) -> None:
    limited = limit(host).steps(2)
    nodes = limited.world.spec["nodes"]
    chosen = data.draw(st.integers(0, len(nodes) - 1))
    has = {node["image"] for node in nodes} | {limited.world.spec.get("accessPodImage")}
    edited = limited.after("another image", spec=_with_image(limited.world.spec, chosen, image))
    assert is_accepted(edited.world) is (image in has)
    if image not in has:
        stopped = edited.steps(2)
        assert _without_metadata(stopped.world) == _without_metadata(limited.world)
        assert is_accepted(stopped.after("taken back", spec=limited.world.spec).world)


@given(settled_hosts())
def test_allowed_image_comes_in_and_forbidden_ones_do_not_return(host: Host) -> None:
    limited = limit(host).steps(2)
    spec: Any = limited.world.spec
    allowed = {**spec, **({"accessPodImage": NO_IMAGE} if "accessPodImage" in spec else {})}
    allowed = {**allowed, "nodes": [{**node, "image": NO_IMAGE} for node in spec["nodes"]]}
    moved = limited.after("allowed images", spec=allowed).steps(2)
    assert is_accepted(moved.world)
    gone = moved.after("no pods", children={**moved.world.children, "Pod.v1": {}})
    assert is_accepted(gone.world)
    assert not is_accepted(gone.step().after("the previous ones", spec=spec).world)


@given(settled_hosts(), st.sampled_from(["m", "harmless", "d"]), st.booleans())
def test_no_pod_that_somebody_makes_lets_an_image_in(host: Host, name: str, noted: bool) -> None:  # noqa: FBT001 an example
    limited = limit(host).steps(2)
    pod = limited.world.children["Pod.v1"]["m"]
    container = {**pod["spec"]["containers"][0], "image": EVIL}
    annotations = pod["metadata"]["annotations"] if noted else {}
    adopted = {**pod, "metadata": {**pod["metadata"], "name": name, "annotations": annotations}}
    adopted = {**adopted, "spec": {**pod["spec"], "containers": [container]}}
    world = limited.world.with_child("Pod.v1", name, adopted)
    assert not is_accepted(replace(world, spec=_with_image(limited.world.spec, 0, EVIL)))
    pki = index(world.sync())["Secret.v1", f"{world.name}-pki"]
    assert EVIL not in pki["metadata"]["annotations"][NOTE]


def _without_metadata(world: World) -> dict[Key, Manifest]:
    """All children, without their metadata, into which Metacontroller writes."""
    children = list_children(world).items()
    return {key: {part: value for part, value in child.items() if part != "metadata"} for key, child in children}


def _with_image(spec: Manifest, chosen: int, image: str) -> Manifest:
    nodes = [{**node, "image": image} if index == chosen else node for index, node in enumerate(spec["nodes"])]
    return {**spec, "nodes": nodes}
