"""A Vk8s that takes over the volumes and keys of an earlier one."""

from dataclasses import replace

from hooks.vk8s.observed.children import CLAIM, SECRET
from hooks.vk8s.spec.cluster import ADOPT_ANNOTATION
from tests.world import UID, Children, World, condition, names, running_world

EARLIER = "0c2f6dba-1111-4222-8333-944444444444"
ADOPTING = {ADOPT_ANNOTATION: f" {EARLIER}, "}


def test_nothing_is_created_whose_name_is_taken() -> None:
    world = World(annotations=ADOPTING)
    assert not {name for name in names(world.sync()) if name.startswith(("PersistentVolumeClaim/", "Secret/", "Pod/"))}
    accepted = condition(world.sync(), "Ready")
    assert accepted["reason"] == "AwaitsAdoption"
    assert (
        "kubectl label pvc,secret -n team-a -l vk8s.sktelecom.com/vk8s=demo --overwrite "
        f"controller-uid={UID}. To begin with an empty cluster instead" in accepted["message"]
    )
    assert condition(world.sync(), "Stalled")["reason"] == "AwaitsAdoption"


def test_cluster_goes_on_with_what_it_has_been_given() -> None:
    earlier = running_world()
    given: Children = {kind: {} for kind in earlier.children}
    pki = {"demo-pki": earlier.children[SECRET]["demo-pki"]}
    world = replace(
        earlier, annotations=ADOPTING, children={**given, SECRET: pki, CLAIM: earlier.children[CLAIM]}
    ).steps(3)
    (pod,) = [child for child in world.sync().children if (child["kind"], child["metadata"]["name"]) == ("Pod", "m")]
    env = {each["name"]: each.get("value") for each in pod["spec"]["containers"][0]["env"]}
    # No space and no empty entry: the node compares the whole value.
    assert (env["ADOPTS"], env.get("FOUND")) == (EARLIER, None)
    assert world.children[SECRET]["demo-pki"]["data"] == pki["demo-pki"]["data"]


def test_claims_that_are_still_to_come_are_not_replaced() -> None:
    earlier = running_world()
    given: Children = {kind: {} for kind in earlier.children}
    world = replace(
        earlier,
        annotations=ADOPTING,
        children={**given, SECRET: {"demo-pki": earlier.children[SECRET]["demo-pki"]}},
    )
    assert not [name for name in names(world.sync()) if name.startswith("PersistentVolumeClaim/")]


def test_running_cluster_is_left_alone() -> None:
    assert names(replace(running_world(), annotations=ADOPTING).sync()) == names(running_world().sync())
