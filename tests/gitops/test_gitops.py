"""Flux, Helm and Argo CD wait for a Vk8s while it moves, go on when it is done, and fail when it is stuck."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import pytest

from hooks.kubernetes.manifest import Manifest
from tests.gitops.verdicts import PAGE, Judges, build_judges, read_scripts
from tests.pool_world import PoolWorld
from tests.scenarios.play import Moment, PoolPlay, Vk8sPlay, play_story
from tests.scenarios.story import list_stories
from tests.world import DELETED_AT, World, condition, running_world, spec

MOVES, DONE, STUCK, GOING = "InProgress", "Current", "Failed", "Terminating"
# What kstatus says of each step of each story.
STORIES: Final = {
    "access-and-ports": [MOVES, MOVES, MOVES, MOVES, DONE],
    "backups": [MOVES, MOVES, DONE, MOVES, MOVES, MOVES, MOVES, DONE, DONE, MOVES, MOVES, MOVES, MOVES],
    "deleted": [GOING, GOING, GOING],
    "ephemeral": [MOVES],
    "every-field": [MOVES],
    "first-boot": [MOVES, MOVES, MOVES, MOVES, DONE],
    "ippool": [DONE, DONE, MOVES, DONE, GOING, GOING, GOING],
    "kubeflow": [MOVES, MOVES, MOVES, DONE, DONE],
    "lost-host": [DONE, MOVES, MOVES, MOVES, MOVES, MOVES, MOVES, MOVES, MOVES, MOVES, DONE],
    "node-addresses": [MOVES, MOVES, DONE],
    "older-version": [STUCK, DONE, MOVES],
    "placement": [MOVES, DONE, MOVES, MOVES, MOVES, STUCK, DONE, DONE],
    "quotas-and-limits": [MOVES, MOVES, MOVES, STUCK, DONE, MOVES],
    "removed-worker": [MOVES, MOVES, MOVES, MOVES, DONE],
    "setbacks": [MOVES, DONE, STUCK, DONE, STUCK],
}
# What Flux says with our expressions, and Argo CD with our script, where kstatus says that.
OTHERS: Final = {
    MOVES: (MOVES, "Progressing"),
    DONE: (DONE, "Healthy"),
    STUCK: (STUCK, "Degraded"),
    GOING: (MOVES, "Progressing"),
}
# Flux has no expressions for pools.
OF_POOLS: Final = {**OTHERS, GOING: (GOING, "Progressing")}


@pytest.fixture(scope="module")
def judges(tmp_path_factory: pytest.TempPathFactory) -> Judges:
    return build_judges(tmp_path_factory.mktemp("gitops"))


def read_object(moment: Moment) -> Manifest:
    """The object of the story, with the status that the hooks answered."""
    play, status = moment.play, moment.answer.status
    if isinstance(play, PoolPlay):
        return {**play.world.pool, "status": status}
    assert isinstance(play, Vk8sPlay)
    deleted = {"deletionTimestamp": play.deleted} if play.deleted else {}
    return replace(play.world, status=status).parent(**deleted)


@pytest.mark.parametrize("story", list_stories())
def test_all_tools_agree_on_every_step_of_the_stories(story: str, judges: Judges) -> None:
    moments = play_story(story)[1]
    assert len(moments) == len(STORIES[story]), "add what kstatus is to say of the new step"
    others = OTHERS if isinstance(moments[0].play, Vk8sPlay) else OF_POOLS
    found = {
        moment.step: said.words for moment, said in zip(moments, judges.judge(*map(read_object, moments)), strict=True)
    }
    wanted = zip(moments, STORIES[story], strict=True)
    assert found == {moment.step: (status, *others[status]) for moment, status in wanted}


UNSEEN: Final[Mapping[str, Manifest]] = {
    "with the default of the CRD": World(status={"observedGeneration": -1}).parent(),
    "after an edit": replace(running_world(), generation=4).parent(),
    "as a pool": {**PoolWorld(vk8s=()).pool, "status": {"observedGeneration": -1}},
}


@pytest.mark.parametrize("unseen", UNSEEN.values(), ids=UNSEEN)
def test_object_that_the_hooks_have_not_looked_at_is_waited_for(unseen: Manifest, judges: Judges) -> None:
    (said,) = judges.judge(unseen)
    assert said.words == (MOVES, MOVES, "Progressing")
    assert said.argocd.message == "Waits for the hooks."


def test_object_without_a_status_is_why_the_crd_has_a_default(judges: Judges) -> None:
    world = World().parent()
    (said,) = judges.judge({key: value for key, value in world.items() if key != "status"})
    assert said.words == (DONE, "Error", "Progressing")


@pytest.mark.parametrize(
    "paused",
    [{"spec": spec(paused=True)}, {"annotations": {"vk8s-resource-stopped": "true"}}],
    ids=["spec", "annotation"],
)
def test_paused_vk8s_is_current_or_suspended_where_we_can_say_so(paused: Mapping[str, Any], judges: Judges) -> None:
    stopped = replace(running_world(), **paused).steps(3)
    (said,) = judges.judge(stopped.parent())
    assert said.words == (MOVES, DONE, "Suspended")


def test_tools_show_the_message_of_the_status(judges: Judges) -> None:
    rejected = replace(running_world(), spec={"nodes": []})
    moving, stuck = judges.judge(World().step().parent(), rejected.step().parent())
    ready = condition(World().sync(), "Ready")["message"]
    accepted = condition(rejected.sync(), "Accepted")["message"]
    assert (moving.kstatus.message, moving.argocd.message) == (ready, ready)
    assert (stuck.kstatus.message, stuck.argocd.message) == (accepted, accepted)


def test_deleted_vk8s_is_not_healthy_while_its_children_are_there(judges: Judges) -> None:
    world = running_world()
    going = replace(world, status=world.finalize().status).parent(deletionTimestamp=DELETED_AT)
    assert judges.judge(going)[0].words == (GOING, *OTHERS[GOING])


def test_page_gives_argo_cd_the_same_script_for_both_kinds() -> None:
    scripts = read_scripts()
    assert scripts["Vk8s"] == scripts["IPPool"]


def test_page_says_of_each_state_what_the_tools_say() -> None:
    rows = (tuple(line.strip("| ").split(" | ")[1:]) for line in PAGE.read_text().splitlines() if line.count("|") == 5)
    _, _, *states = rows
    assert set(states) == {*((status, *others) for status, others in OTHERS.items()), (MOVES, DONE, "Suspended")}
