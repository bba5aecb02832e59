"""`resume`: starts a paused virtual cluster again."""

from dataclasses import dataclass

from kubectl_vk8s import options
from kubectl_vk8s.changes import patch_vk8s, wait_for_running
from kubectl_vk8s.names import STOPPED_ANNOTATION
from kubectl_vk8s.session import Session


@dataclass(frozen=True)
class Options:
    """What `resume` is asked for."""

    name: str | None
    wait: bool
    timeout: float


@options.command(Options, name="resume")
@options.name_argument()
@options.wait_options
def command(session: Session, asked: Options) -> int | None:
    """Start a paused virtual cluster again."""
    vk8s = session.get(asked.name)
    patch = {"metadata": {"annotations": {STOPPED_ANNOTATION: None}}, "spec": {"paused": False}}
    resumed = patch_vk8s(session, vk8s, "merge", patch)
    # The annotation alone raises no generation: the status may still be that of the pause.
    return wait_for_running(session, resumed, asked.timeout) if asked.wait else None
