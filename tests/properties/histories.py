"""Histories of one virtual cluster: its owner, its hosts, the hooks of two versions and a late cache, in any order."""

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import Any, Final

from hypothesis import strategies as st

from hooks.vk8s.observed import CLAIM, JOB, POD
from tests.properties.events import SCRIPTS, Event, answer_with, set_job, set_pods, wait
from tests.properties.host import Host, Key, change_children, delete, describe_key, list_keys
from tests.properties.kubelets import BROKEN_BOOT_FILES, boot, can_start, come_up, finish_deletions, work
from tests.properties.owner import (
    UNPULLABLE,
    WORKERS,
    add_worker,
    ask_restart,
    break_spec,
    change_labels,
    edit_images,
    force_remove,
    mend_spec,
    misspell_image,
    pause,
    remove_worker,
    resume,
    write_spec,
)
from tests.properties.walks import STEPS_TO_ALL_PODS
from tests.world import CONTEXT, World

# Enough for a worker to leave and to come back, and for something to come in between.
FEWEST_EVENTS, MOST_EVENTS = 8, 30
VK8S: Final = "the Vk8s"
GOOD_SCRIPTS = [CONTEXT.scripts, *(scripts for digest, scripts in SCRIPTS.items() if digest != BROKEN_BOOT_FILES)]
TROUBLES = ("not Ready", "Failed", "failed without a word", "unschedulable", "CrashLoopBackOff")


@dataclass(frozen=True)
class History:
    """A host cluster at each of its moments."""

    moments: tuple[Host, ...]

    def __repr__(self) -> str:
        return repr(self.moments[-1])

    def _repr_pretty_(self, printer: Any, _: bool) -> None:  # noqa: FBT001 as hypothesis calls it
        """The whole story, when hypothesis prints an example."""
        printer.text(repr(self))


def histories() -> st.SearchStrategy[History]:
    """Whatever may happen."""
    return _histories([*PEACEFUL, *TROUBLED])


def peaceful_histories() -> st.SearchStrategy[History]:
    """The owner changes their mind, and all else goes as it should: nobody but the hooks takes a node down."""
    return _histories(PEACEFUL)


def mend(host: Host) -> Host:
    """The owner has put right what only they can, and the hooks have boot files that a node boots from."""
    nodes = [{**node, "image": "a"} if node["image"] == UNPULLABLE else node for node in host.valid_spec["nodes"]]
    host = write_spec(host.after("spec mended", spec=host.valid_spec), {**host.valid_spec, "nodes": nodes})
    is_broken = host.world.context.scripts.digest == BROKEN_BOOT_FILES
    return _delete_stuck_jobs(answer_with(host, GOOD_SCRIPTS[0]) if is_broken else host)


def sync(_: st.DrawFn, host: Host) -> Host:
    """Metacontroller asks and does what it is answered."""
    return host.sync()


def stand_still(draw: st.DrawFn, host: Host) -> Host:
    """From now on the cache shows nothing new of some kinds, or of the Vk8s."""
    kinds = sorted(draw(st.sets(st.sampled_from([*host.world.children, VK8S]), min_size=1)))
    shown = host.shown
    children = {kind: shown.children[kind] for kind in kinds if kind != VK8S}
    vk8s = {name: getattr(shown, name) for name in ("spec", "labels", "annotations")} if VK8S in kinds else {}
    return replace(
        host.after(f"the cache stands still: {', '.join(kinds)}"),
        old_children={**host.old_children, **children},
        old_vk8s=host.old_vk8s or vk8s,
    )


def catch_up(_: st.DrawFn, host: Host) -> Host:
    """The cache shows everything as it is."""
    return host.after("the cache catches up").caught_up() if host.old_children or host.old_vk8s else host


def boot_some(draw: st.DrawFn, host: Host) -> Host:
    """A pod gets as far as it can, or all of them."""
    name = draw(st.sampled_from([None, *sorted(host.world.children[POD])]))
    return come_up(host) if name is None else boot(host, name)


def work_on(draw: st.DrawFn, host: Host) -> Host:
    """A Job gets one stage further."""
    jobs = sorted(host.world.children[JOB])
    return work(host, draw(st.sampled_from(jobs))) if jobs else host


def stop_what_goes(_: st.DrawFn, host: Host) -> Host:
    """Deletions finish."""
    return finish_deletions(host)


def pass_time(draw: st.DrawFn, host: Host) -> Host:
    """Seconds, or most of a year."""
    return wait(host, draw(st.sampled_from([timedelta(seconds=1), timedelta(seconds=30), timedelta(days=340)])))


def upgrade(draw: st.DrawFn, host: Host) -> Host:
    """One of two versions of the hooks answers from now on."""
    return answer_with(host, draw(st.sampled_from(GOOD_SCRIPTS[:2])))


def upgrade_badly(_: st.DrawFn, host: Host) -> Host:
    """The version that answers from now on has boot files that nothing boots from."""
    return answer_with(host, SCRIPTS[BROKEN_BOOT_FILES])


def trouble_pod(draw: st.DrawFn, host: Host) -> Host:
    """Something happens to a pod."""
    pods = sorted(host.world.children[POD])
    return set_pods(host, [draw(st.sampled_from(pods))], draw(st.sampled_from(TROUBLES))) if pods else host


def take_out(draw: st.DrawFn, host: Host) -> Host:
    """A worker leaves the spec, its Job is made, and gets so far."""
    host = remove_worker(draw, host).sync()
    for _ in range(draw(st.integers(0, 2))):
        host = work_on(draw, host)
    return host


def lose_job(draw: st.DrawFn, host: Host) -> Host:
    """A Job gives up, or somebody deletes it, and the Node that it was about."""
    jobs = sorted(host.world.children[JOB])
    if not jobs:
        return host
    name = draw(st.sampled_from(jobs))
    spared = replace(host, told=host.told - {name.removesuffix("-leave")})
    return set_job(spared, name, "Failed") if draw(st.booleans()) else _delete(spared, (JOB, name))


def delete_one(draw: st.DrawFn, host: Host) -> Host:
    """Somebody deletes a child; not the PKI, which nobody but its owner can restore."""
    pki = ("Secret.v1", f"{host.world.name}-pki")
    keys = sorted(key for key in list_keys(host.world) if key != pki and key[0] != JOB)
    return _delete(host, draw(st.sampled_from(keys))) if keys else host


# What is there more than once happens more often.
PEACEFUL: list[Event] = [
    *[sync, boot_some, stop_what_goes, take_out, add_worker, force_remove] * 2,
    work_on,
    edit_images,
    ask_restart,
    upgrade,
    pass_time,
]
TROUBLED: list[Event] = [
    sync,
    stand_still,
    catch_up,
    trouble_pod,
    *[delete_one] * 2,
    lose_job,
    misspell_image,
    upgrade_badly,
    pause,
    resume,
    break_spec,
    mend_spec,
    change_labels,
]


def _delete_stuck_jobs(host: Host) -> Host:
    """The host cluster without Jobs that can't start, of workers of which nothing else is left."""
    for name, job in host.world.children[JOB].items():
        node, pod = name.removesuffix("-leave"), job["spec"]["template"]
        is_left = node in host.world.children[POD] or f"{node}-state" in host.world.children[CLAIM]
        if not is_left and not can_start(host, pod):
            host = replace(_delete(host, (JOB, name)), told=host.told - {node})
    return host


def _delete(host: Host, key: Key) -> Host:
    children = change_children(host.world, lambda each, child: delete(child, is_slow=True) if each == key else child)
    return host.after(f"deleted: {describe_key(key)}", children=children)


@st.composite
def _histories(draw: st.DrawFn, events: list[Event]) -> History:
    storage, access = draw(st.booleans()), draw(st.booleans())
    moments = [_found(draw(st.integers(0, len(WORKERS))), is_ephemeral=storage, has_access=access)]
    for event in draw(st.lists(st.sampled_from(events), min_size=FEWEST_EVENTS, max_size=MOST_EVENTS)):
        moments.append(event(draw, moments[-1]))
        if draw(st.booleans()):
            moments.append(moments[-1].sync())
    return History(tuple(moments))


@cache
def _found(workers: int, *, is_ephemeral: bool, has_access: bool) -> Host:
    """A virtual cluster that runs; what else there may be in a spec has no part in who runs when."""
    roles = {"m": "master", **dict.fromkeys(WORKERS[:workers], "worker")}
    spec = {
        "nodes": [{"name": name, "image": "a", "role": role} for name, role in roles.items()],
        **({"storage": {"ephemeral": True}} if is_ephemeral else {}),
        **({"accessPodImage": "a"} if has_access else {}),
    }
    host = Host(World(spec), valid_spec=spec, is_slow=True, story=(f"spec: {spec}",))
    return come_up(come_up(host.steps(STEPS_TO_ALL_PODS)).step())
