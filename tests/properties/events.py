"""What can happen to a Vk8s and its children. Each event is drawn from what there is at that moment."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st

from hooks.vk8s.observed.children import JOB
from hooks.vk8s.scripts import Scripts
from testbed.metacontroller.objects import is_terminating, with_metadata
from tests.chaos import edits, owner
from tests.chaos.scene import Draw, Option, Scene
from tests.properties.host import Host
from tests.properties.others import add_unknown, change_one, damage, write_foreign
from tests.properties.specs import valid_specs
from tests.simulation.hooks import SCRIPTS
from tests.simulation.keys import describe_keys, list_children, list_keys, without
from tests.simulation.kinds import Key
from tests.simulation.statuses import JOB_STATUSES, POD_STATUSES, build_pod_status
from tests.world import DELETED_AT, NOW

Event = Callable[[st.DrawFn, Host], Host]
INSTALLERS = st.sampled_from([None, "registry.example.com/k:{version}", "registry.example.com/moved:{version}"])
DAYS = (0, 1, 300, 340, 400, 3640, 4000)


class Chosen(Draw):
    """The choices of an event of a history, which hypothesis makes."""

    def __init__(self, draw: st.DrawFn) -> None:
        super().__init__(0)
        self._draw = draw

    def pick(self, options: Sequence[Option]) -> Option:
        return self._draw(st.sampled_from(options))

    def chance(self, _: float) -> bool:
        return self._draw(st.booleans())


def play(event: Callable[[Scene, Draw], None]) -> Event:
    """Something that happens in histories, too."""

    def happen(draw: st.DrawFn, host: Host) -> Host:
        scene = host.build_scene()
        event(scene, Chosen(draw))
        return host.after_scene(scene)

    return happen


def change_spec(draw: st.DrawFn, host: Host) -> Host:
    """Another spec, changed in a way that the CRD allows."""
    spec = draw(valid_specs(host.valid_spec))
    return replace(host.after(f"spec: {spec}", spec=spec), valid_spec=spec)


def hide(draw: st.DrawFn, host: Host) -> Host:
    """The cache does not show some children."""
    hidden = _draw_keys(draw, host)
    return replace(host.after(f"hidden: {describe_keys(hidden)}"), old_children=without(host.world, hidden).children)


def lose(draw: st.DrawFn, host: Host) -> Host:
    """Somebody deletes some children, and they are gone."""
    lost = _draw_keys(draw, host)
    return host.after(f"lost: {describe_keys(lost)}", children=without(host.world, lost).children)


def terminate(draw: st.DrawFn, host: Host) -> Host:
    """Somebody deletes a child that has a finalizer."""
    held = {"finalizers": ["example.com/hold"], "deletionTimestamp": DELETED_AT}
    return change_one(draw, host, "deleted and held", lambda child: with_metadata(child, **held))


def let_go(_: st.DrawFn, host: Host) -> Host:
    """Whatever is being deleted is gone."""
    going = [key for key, child in list_children(host.world).items() if is_terminating(child)]
    return host.after("finalizers done", children=without(host.world, going).children)


def set_pods(host: Host, names: Iterable[str], status: str) -> Host:
    """The pods have that status."""
    world = host.world
    for name in names:
        status_now = build_pod_status(status, world.context.now, world.children["Pod.v1"][name])
        world = world.with_pod_status(name, status_now)
    return host.after(f"{status}: {', '.join(names)}", children=world.children)


def set_job(host: Host, name: str, status: str) -> Host:
    """The Job has that status."""
    job = {**host.world.children[JOB][name], "status": JOB_STATUSES[status]}
    return host.after(f"Job {name}: {status}", children=host.world.with_child(JOB, name, job).children)


def change_pods(draw: st.DrawFn, host: Host) -> Host:
    """Kubelets write the status of some pods."""
    for name in sorted(host.world.children["Pod.v1"]):
        if draw(st.booleans()):
            host = set_pods(host, [name], draw(st.sampled_from(sorted(POD_STATUSES))))
    return host


def ready_pods(_: st.DrawFn, host: Host) -> Host:
    """All pods become Ready."""
    return set_pods(host, host.world.children["Pod.v1"], "Ready")


def change_jobs(draw: st.DrawFn, host: Host) -> Host:
    """The Job controller writes the status of some Jobs."""
    for name in sorted(host.world.children[JOB]):
        if draw(st.booleans()):
            host = set_job(host, name, draw(st.sampled_from(sorted(JOB_STATUSES))))
    return host


def begin_leave(draw: st.DrawFn, host: Host) -> Host:
    """A worker is being removed, and its Job exists; mostly, the Job has a status already."""
    return change_jobs(draw, play(edits.remove_worker)(draw, host).step())


def change_scripts(draw: st.DrawFn, host: Host) -> Host:
    """Another version of the hooks answers from now on."""
    return answer_with(host, SCRIPTS[draw(st.sampled_from(sorted(SCRIPTS)))])


def answer_with(host: Host, scripts: Scripts) -> Host:
    """Hooks with these bootstrap files answer from now on."""
    return host.after(f"bootstrap files {scripts.digest}", context=replace(host.world.context, scripts=scripts))


def change_settings(draw: st.DrawFn, host: Host) -> Host:
    """Settings of the hooks change: whether NetworkPolicies are created, and which image installs Kubeflow, if any."""
    update = {"network_policy": draw(st.booleans()), "kubeflow_installer_image": draw(INSTALLERS)}
    settings = host.world.context.settings.model_copy(update=update)
    event = f"NetworkPolicy: {settings.network_policy}, installer: {settings.kubeflow_installer_image}"
    return host.after(event, context=replace(host.world.context, settings=settings))


def renew_pods(draw: st.DrawFn, host: Host) -> Host:
    """Another version of the hooks answers, and the pods are lost: new ones boot from its files."""
    newer = change_scripts(draw, host).step()
    return newer.after("no pods", children={**newer.world.children, "Pod.v1": {}}).step()


def move_clock(draw: st.DrawFn, host: Host) -> Host:
    """Time passes."""
    moment = NOW + timedelta(days=draw(st.sampled_from(DAYS)), seconds=draw(st.integers(0, 40)))
    return wait(host, max(moment - host.world.context.now, timedelta(0)))


def wait(host: Host, span: timedelta) -> Host:
    """Time passes."""
    now = host.world.context.now + span
    return host.after(f"it is {now}", context=replace(host.world.context, now=now))


def _draw_keys(draw: st.DrawFn, host: Host) -> list[Key]:
    """Some of the children: a few, or all but a few."""
    keys = list_keys(host.world)
    some = draw(st.lists(st.sampled_from(keys), unique=True, max_size=4)) if keys else []
    return some if draw(st.booleans()) else [key for key in keys if key not in some]


# The first three are also what happens right before the answer that is judged.
EVENTS: list[Event] = [
    hide,
    change_pods,
    change_jobs,
    lose,
    terminate,
    let_go,
    ready_pods,
    write_foreign,
    add_unknown,
    damage,
    change_spec,
    change_scripts,
    change_settings,
    renew_pods,
    move_clock,
    begin_leave,
    play(edits.add_worker),
    play(edits.edit_images),
    play(edits.edit_nodes),
    play(edits.edit_access),
    play(edits.edit_ports),
    play(edits.edit_kubeflow),
    play(owner.break_spec),
    play(owner.mend_spec),
    play(owner.label),
    play(owner.ask_restart),
    play(owner.force_remove),
    play(owner.pause),
    play(owner.resume),
]
